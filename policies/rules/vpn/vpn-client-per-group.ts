import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { textOf } from '../../engine/value.ts';
import { all, fail, isNotTrue, isSet, requires } from '../../engine/verdict.ts';

export const vpnClientPerGroup: Rule = {
  id: 'vpn-client-per-group',
  title: 'The VPN leads each group of people to named ranges only',
  severity: 'error',
  rationale: 'Authorizing everybody everywhere makes the weakest account a key to the database.',
  remediation:
    'Set access_group_id and a target_network_cidr within the VPC in every authorization rule.',
  controls: [...nist80053('AC-3', 'AC-6'), ...iso27001('A.8.3'), ...soc2('cc_6_1')],
  check: resource('aws_ec2_client_vpn_authorization_rule', (rule) => {
    const target = textOf(rule.get('target_network_cidr'));
    if (target === '0.0.0.0/0' || target === '::/0')
      return fail(`target_network_cidr is ${target}`, 'a range of the network');
    return all(
      requires(rule, 'authorize_all_groups', isNotTrue),
      requires(rule, 'access_group_id', isSet),
    );
  }),
};
