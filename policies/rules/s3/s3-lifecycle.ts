import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { companions } from '../../analysis/companions.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const s3Lifecycle: Rule = {
  id: 's3-lifecycle',
  title: 'Buckets say how long objects and old versions stay',
  severity: 'warning',
  rationale:
    'Without it old versions of personal data stay for ever, against the promise to erase them.',
  remediation: 'Add an aws_s3_bucket_lifecycle_configuration with an enabled rule.',
  controls: [...afsbp('S3.13'), ...nist80053('SI-12', 'AU-11'), ...iso27001('A.8.10')],
  check: resource('aws_s3_bucket', (bucket, everything) => {
    const found = companions(everything, bucket, 'aws_s3_bucket_lifecycle_configuration').flatMap(
      (one) => one.blocks('rule'),
    );
    const rules = [...found, ...bucket.blocks('lifecycle_rule')];
    return when(
      rules.some((rule) => rule['status'] === 'Enabled' || rule['enabled'] === true),
      'no enabled lifecycle rule',
      'at least one enabled lifecycle rule',
    );
  }),
};
