import { afsbp, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isSet, requires } from '../../engine/verdict.ts';

export const cloudtrailAnnounces: Rule = {
  id: 'cloudtrail-announces',
  title: 'The trail announces its deliveries',
  severity: 'note',
  rationale: 'When deliveries stop, somebody must be told.',
  remediation: 'Set sns_topic_name.',
  controls: [
    ...afsbp('CloudTrail.5'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...gdpr('article_25', 'article_30'),
    ...soc2('cc_7_2'),
  ],
  check: resource('aws_cloudtrail', (trail) => requires(trail, 'sns_topic_name', isSet)),
};
