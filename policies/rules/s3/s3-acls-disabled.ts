import { afsbp, nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const s3AclsDisabled: Rule = {
  id: 's3-acls-disabled',
  title: 'Access lists of buckets are disabled',
  severity: 'warning',
  rationale: 'Access lists are a second way to grant rights that no policy shows.',
  remediation: 'Add aws_s3_bucket_ownership_controls with BucketOwnerEnforced.',
  controls: [
    ...afsbp('S3.12'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(7)', 'AC-4(21)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
  ],
  check: resource('aws_s3_bucket', (bucket, everything) => {
    const ownership = companion(everything, bucket, 'aws_s3_bucket_ownership_controls');
    return requires(
      ownership ?? {},
      'rule.object_ownership',
      equals('BucketOwnerEnforced'),
      'BucketOwnerEnforced',
    );
  }),
};
