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
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const cloudtrailValidated: Rule = {
  id: 'cloudtrail-validated',
  title: "The trail's files prove that they are unchanged",
  severity: 'error',
  rationale: 'A trail that can be edited proves nothing.',
  remediation: 'Set enable_log_file_validation to true.',
  controls: [
    ...afsbp('CloudTrail.4'),
    ...cis('4.2'),
    ...nist80053('AU-9a', 'CM-6a', 'CM-9b', 'PM-11b'),
    ...hipaa('164.312(c)(1)', '164.312(c)(2)'),
    ...pci('2.2', '10.5.2'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...gdpr('article_25', 'article_32'),
    ...soc2('cc_7_3'),
  ],
  check: resource('aws_cloudtrail', (trail) =>
    requires(trail, 'enable_log_file_validation', isTrue),
  ),
};
