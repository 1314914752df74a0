import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isKnown } from '../../engine/value.ts';
import { requires } from '../../engine/verdict.ts';

export const efsAccessPointUser: Rule = {
  id: 'efs-access-point-user',
  title: 'Access points decide the user',
  severity: 'warning',
  rationale: 'A client that claims to be root would be root on the file system.',
  remediation: 'Set posix_user.',
  controls: [...nist80053('AC-6')],
  check: resource('aws_efs_access_point', (point) =>
    requires(point, 'posix_user.uid', {
      expected: 'a user that is not root',
      test: (uid) => (isKnown(uid ?? null) ? uid !== undefined && Number(uid) > 0 : undefined),
    }),
  ),
};
