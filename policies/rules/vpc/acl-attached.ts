import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { asList } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

export const aclAttached: Rule = {
  id: 'acl-attached',
  title: 'Every network ACL guards a subnet',
  severity: 'note',
  rationale: 'An ACL without a subnet suggests a protection that is not there.',
  remediation: 'Name subnets in subnet_ids, or remove the ACL.',
  controls: [...afsbp('EC2.16'), ...nist80053('CM-2a'), ...iso27001('A.8.20', 'A.8.21')],
  check: resource('aws_network_acl', (acl, everything) =>
    when(
      asList(acl.get('subnet_ids')).length > 0 ||
        everything.referrers(acl, 'aws_network_acl_association', 'network_acl_id').length > 0,
      'no subnet',
      'at least one subnet',
    ),
  ),
};
