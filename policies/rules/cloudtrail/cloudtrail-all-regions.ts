import { afsbp, cis, nist80053, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isTrue, requires } from '../../engine/verdict.ts';

export const cloudtrailAllRegions: Rule = {
  id: 'cloudtrail-all-regions',
  title: 'The trail records all regions and global services',
  severity: 'error',
  rationale: 'An intruder works in the region that nobody watches.',
  remediation: 'Set is_multi_region_trail and include_global_service_events to true.',
  controls: [
    ...afsbp('CloudTrail.1'),
    ...cis('4.1'),
    ...nist80053('AU-12a'),
    ...gdpr('article_25', 'article_30'),
    ...soc2('cc_2_1'),
  ],
  check: resource('aws_cloudtrail', (trail) =>
    all(
      requires(trail, 'is_multi_region_trail', isTrue),
      requires(trail, 'include_global_service_events', isTrue, true),
    ),
  ),
};
