import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isKnown } from '../../engine/value.ts';
import { requires } from '../../engine/verdict.ts';

export const efsAccessPointRoot: Rule = {
  id: 'efs-access-point-root',
  title: 'Access points lead into a directory of their own',
  severity: 'warning',
  rationale: 'A task with the whole tree sees the files of every other.',
  remediation: 'Set root_directory.path to something below /.',
  controls: [...nist80053('AC-6')],
  check: resource('aws_efs_access_point', (point) =>
    requires(point, 'root_directory.path', {
      expected: 'a directory below /',
      test: (path) => (isKnown(path ?? null) ? path !== undefined && path !== '/' : undefined),
    }),
  ),
};
