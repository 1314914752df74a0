import { afsbp, cis, nist80053, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const cloudtrailRecords: Rule = {
  id: 'cloudtrail-records',
  title: 'The trail is switched on',
  severity: 'error',
  rationale: 'A trail that is switched off looks like one that saw nothing.',
  remediation: 'Remove enable_logging false.',
  controls: [
    ...afsbp('CloudTrail.1'),
    ...cis('4.1'),
    ...nist80053('AU-12a'),
    ...gdpr('article_25', 'article_30'),
    ...soc2('cc_2_1'),
  ],
  check: resource('aws_cloudtrail', (trail) => requires(trail, 'enable_logging', isTrue, true)),
};
