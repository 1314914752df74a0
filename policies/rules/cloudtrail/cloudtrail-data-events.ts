import { cis, nist80053, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { blocksOf } from '../../engine/resource.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { asList } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

export const cloudtrailDataEvents: Rule = {
  id: 'cloudtrail-data-events',
  title: 'The trail records who reads and writes objects',
  severity: 'warning',
  rationale: 'Management events say that a bucket exists, not what was taken from it.',
  remediation: 'Add a data event selector for AWS::S3::Object, for reads and writes.',
  controls: [
    ...cis('4.9', '4.8'),
    ...nist80053('AU-12a'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...gdpr('article_30'),
    ...soc2('cc_2_1'),
  ],
  check: resource('aws_cloudtrail', (trail) => {
    const classic = trail
      .blocks('event_selector')
      .some(
        (selector) =>
          (selector['read_write_type'] ?? 'All') === 'All' &&
          blocksOf(selector, 'data_resource').some((data) => data['type'] === 'AWS::S3::Object'),
      );
    const advanced = trail
      .blocks('advanced_event_selector')
      .some(
        (selector) =>
          blocksOf(selector, 'field_selector').some((field) =>
            asList(field['equals']).includes('AWS::S3::Object'),
          ) && !blocksOf(selector, 'field_selector').some((field) => field['field'] === 'readOnly'),
      );
    return when(classic || advanced, 'no data events of objects', 'data events of AWS::S3::Object');
  }),
};
