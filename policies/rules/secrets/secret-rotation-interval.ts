import { nist80053, hipaa } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { between, pass, requires } from '../../engine/verdict.ts';

export const secretRotationInterval: Rule = {
  id: 'secret-rotation-interval',
  title: 'Secrets are rotated at least every ninety days',
  severity: 'warning',
  rationale: 'A leaked secret works until the next rotation.',
  remediation: 'Set rotation_rules.automatically_after_days to 90 or less.',
  controls: [
    ...nist80053('AC-2(1)', 'AC-3(3)(a)', 'AC-3(3)(b)(1)', 'AC-3(3)(b)(2)'),
    ...hipaa('164.308(a)(4)(ii)(B)'),
  ],
  check: resource('aws_secretsmanager_secret_rotation', (rotation) =>
    rotation.get('rotation_rules.schedule_expression') !== undefined
      ? pass
      : requires(rotation, 'rotation_rules.automatically_after_days', between(1, 90)),
  ),
};
