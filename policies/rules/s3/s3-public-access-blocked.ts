import { afsbp, cis, nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, fail, isTrue, requires } from '../../engine/verdict.ts';

const settings = [
  'block_public_acls',
  'block_public_policy',
  'ignore_public_acls',
  'restrict_public_buckets',
];

export const s3PublicAccessBlocked: Rule = {
  id: 's3-public-access-blocked',
  title: 'Every bucket blocks public access in all four ways',
  severity: 'error',
  rationale: 'One access list or policy, added by mistake, opens a bucket that does not block it.',
  remediation: 'Add an aws_s3_bucket_public_access_block with all four settings true.',
  unsuppressible: true,
  controls: [
    ...afsbp('S3.8'),
    ...cis('3.1.4'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(7)', 'AC-4(21)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
  ],
  check: resource('aws_s3_bucket', (bucket, everything) => {
    const block = companion(everything, bucket, 'aws_s3_bucket_public_access_block');
    return block
      ? all(...settings.map((name) => requires(block, name, isTrue)))
      : fail('no aws_s3_bucket_public_access_block', 'one with all four settings true');
  }),
};
