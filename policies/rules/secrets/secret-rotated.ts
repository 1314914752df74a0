import { afsbp, nist80053, hipaa } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const secretRotated: Rule = {
  id: 'secret-rotated',
  title: 'Secrets are rotated by themselves',
  severity: 'warning',
  rationale: 'What nobody rotates is known to everybody who ever left.',
  remediation: 'Add an aws_secretsmanager_secret_rotation.',
  controls: [
    ...afsbp('SecretsManager.1'),
    ...nist80053('AC-2(1)', 'AC-3(3)(a)', 'AC-3(3)(b)(1)', 'AC-3(3)(b)(2)'),
    ...hipaa('164.308(a)(4)(ii)(B)'),
  ],
  check: resource('aws_secretsmanager_secret', (secret, everything) =>
    when(
      everything.referrers(secret, 'aws_secretsmanager_secret_rotation', 'secret_id').length > 0,
      'no rotation',
      'an aws_secretsmanager_secret_rotation',
    ),
  ),
};
