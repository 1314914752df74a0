import {
  afsbp,
  cis,
  nist80053,
  hipaa,
  pci,
  iso27001,
  gdpr,
  soc2,
} from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { receivesLogs } from '../../analysis/storage.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isSet, notApplicable, requires } from '../../engine/verdict.ts';

export const s3AccessLogged: Rule = {
  id: 's3-access-logged',
  title: 'Buckets log who asks for what',
  severity: 'warning',
  rationale: 'Without access logs nobody can tell which attachments a stolen credential took.',
  remediation:
    'Add an aws_s3_bucket_logging to a log bucket. A bucket that receives such logs needs none itself.',
  controls: [
    ...afsbp('S3.9', 'CloudTrail.7'),
    ...cis('4.4'),
    ...nist80053('AC-2(4)', 'AC-3(1)', 'AC-3(10)', 'AC-4(26)'),
    ...hipaa('164.308(a)(3)(ii)(A)', '164.312(b)'),
    ...pci('2.2', '10.1'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...gdpr('article_25'),
    ...soc2('cc_7_2'),
  ],
  check: resource('aws_s3_bucket', (bucket, everything) => {
    if (receivesLogs(everything, bucket)) return notApplicable;
    const logging = companion(everything, bucket, 'aws_s3_bucket_logging');
    return requires(logging ?? bucket, logging ? 'target_bucket' : 'logging.target_bucket', isSet);
  }),
};
