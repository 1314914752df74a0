import { afsbp, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, isTrue, requires } from '../../engine/verdict.ts';

export const s3Versioned: Rule = {
  id: 's3-versioned',
  title: 'Buckets keep replaced and deleted versions',
  severity: 'error',
  rationale: 'Without versions an overwrite or a deletion, by mistake or by ransomware, is final.',
  remediation: 'Add an aws_s3_bucket_versioning with status Enabled.',
  controls: [
    ...afsbp('S3.14'),
    ...nist80053('AU-9(2)', 'CP-1(2)', 'CP-2(5)', 'CP-6a'),
    ...hipaa('164.308(a)(7)(i)', '164.308(a)(7)(ii)(A)', '164.308(a)(7)(ii)(B)'),
    ...pci('10.5.3'),
    ...iso27001('A.8.3', 'A.8.10'),
    ...soc2('cc_7_4'),
  ],
  check: resource('aws_s3_bucket', (bucket, everything) => {
    const versioning = companion(everything, bucket, 'aws_s3_bucket_versioning');
    if (versioning)
      return requires(versioning, 'versioning_configuration.status', equals('Enabled'));
    return requires(bucket, 'versioning.enabled', isTrue);
  }),
};
