import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { blocksOf } from '../../engine/resource.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const s3AbortsUploads: Rule = {
  id: 's3-aborts-uploads',
  title: 'Unfinished uploads are cleared away',
  severity: 'note',
  rationale:
    'Parts of uploads that nobody finished cannot be listed, and stay until somebody pays attention to the bill.',
  remediation:
    'Add abort_incomplete_multipart_upload to an enabled lifecycle rule without a filter.',
  controls: [...afsbp('S3.13'), ...nist80053('SI-12'), ...iso27001('A.8.10')],
  check: resource('aws_s3_bucket_lifecycle_configuration', (configuration) =>
    when(
      configuration
        .blocks('rule')
        .some(
          (rule) =>
            rule['status'] === 'Enabled' &&
            blocksOf(rule, 'abort_incomplete_multipart_upload').length > 0,
        ),
      'no rule that aborts unfinished uploads',
      'an enabled rule with abort_incomplete_multipart_upload',
    ),
  ),
};
