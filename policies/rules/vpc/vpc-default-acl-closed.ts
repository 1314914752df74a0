import { cis, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const vpcDefaultAclClosed: Rule = {
  id: 'vpc-default-acl-closed',
  title: 'The default network ACL of every VPC allows nothing',
  severity: 'warning',
  rationale: 'A subnet that nobody gave an ACL of its own would be open.',
  remediation: 'Add an aws_default_network_acl without rules.',
  controls: [
    ...cis('6.2'),
    ...nist80053('SC-7a'),
    ...iso27001('A.8.20', 'A.8.21'),
    ...soc2('cc_6_6'),
  ],
  check: resource('aws_default_network_acl', (acl) =>
    when(
      acl.blocks('ingress').length + acl.blocks('egress').length === 0,
      'it has rules',
      'no rules',
    ),
  ),
};
