import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const kmsPolicyDefined: Rule = {
  id: 'kms-policy-defined',
  title: 'Every key has a policy of its own',
  severity: 'warning',
  rationale: 'The default policy lets every IAM policy of the account administer and use the key.',
  remediation: "Write the key's policy: who administers it, who uses it, through which service.",
  controls: [...afsbp('KMS.5'), ...nist80053('AC-3'), ...iso27001('A.8.1')],
  check: resource('aws_kms_key', (key, everything) =>
    when(
      key.get('policy') !== undefined ||
        everything.referrers(key, 'aws_kms_key_policy', 'key_id').length > 0,
      'no policy',
      'a policy of its own',
    ),
  ),
};
