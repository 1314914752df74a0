import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const dnsFirewall: Rule = {
  id: 'dns-firewall',
  title: 'Every VPC refuses names that are known to be bad',
  severity: 'warning',
  rationale: 'DNS leads out of the most isolated subnet; without a filter it carries data along.',
  remediation: 'Associate an aws_route53_resolver_firewall_rule_group with the VPC.',
  controls: [...nist80053('SC-7a'), ...iso27001('A.8.20', 'A.8.21')],
  check: resource('aws_vpc', (vpc, everything) =>
    when(
      everything.referrers(vpc, 'aws_route53_resolver_firewall_rule_group_association', 'vpc_id')
        .length > 0,
      'no DNS firewall',
      'an aws_route53_resolver_firewall_rule_group_association',
    ),
  ),
};
