import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const kmsKeyEnabled: Rule = {
  id: 'kms-key-enabled',
  title: 'Keys are enabled',
  severity: 'error',
  rationale: 'What a disabled key encrypted cannot be read, and its backups cannot be restored.',
  remediation: 'Remove is_enabled or set it to true.',
  controls: [...nist80053('SC-12'), ...iso27001('A.8.5', 'A.8.11')],
  check: resource('aws_kms_key', (key) => requires(key, 'is_enabled', isTrue, true)),
};
