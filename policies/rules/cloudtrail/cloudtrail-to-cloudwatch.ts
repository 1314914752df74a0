import { afsbp, nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isSet, requires } from '../../engine/verdict.ts';

export const cloudtrailToCloudwatch: Rule = {
  id: 'cloudtrail-to-cloudwatch',
  title: 'The trail also goes to a log group',
  severity: 'error',
  rationale: 'Alarms need events within minutes; the files in the bucket come later.',
  remediation: 'Set cloud_watch_logs_group_arn and cloud_watch_logs_role_arn.',
  controls: [
    ...afsbp('CloudTrail.5'),
    ...nist80053('AC-2(4)', 'AC-3(1)', 'AC-3(10)', 'AC-4(26)'),
    ...hipaa('164.308(a)(3)(ii)(A)', '164.312(b)'),
    ...pci('2.2', '10.1'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...gdpr('article_25', 'article_30'),
    ...soc2('cc_7_2'),
  ],
  check: resource('aws_cloudtrail', (trail) =>
    requires(trail, 'cloud_watch_logs_group_arn', isSet),
  ),
};
