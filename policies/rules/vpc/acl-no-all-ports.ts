import { cis, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { coversAllPorts, isOpenToAll, networkAclRules } from '../../analysis/traffic.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const aclNoAllPorts: Rule = {
  id: 'acl-no-all-ports',
  title: 'No network ACL lets the internet in on all ports',
  severity: 'error',
  rationale: 'An ACL that allows everything is no lock at all.',
  remediation: 'Name the ports, and the ephemeral range for replies.',
  controls: [
    ...cis('6.2'),
    ...nist80053('SC-7a', 'AC-4'),
    ...iso27001('A.8.20', 'A.8.21'),
    ...soc2('cc_6_6'),
  ],
  check: resource(['aws_network_acl', 'aws_default_network_acl'], (acl, everything) => {
    const open = networkAclRules(everything).find(
      (rule) =>
        rule.owner === acl &&
        rule.direction === 'ingress' &&
        rule.allows &&
        isOpenToAll(rule) &&
        coversAllPorts(rule),
    );
    return when(open === undefined, 'all ports are open to all', 'named ports');
  }),
};
