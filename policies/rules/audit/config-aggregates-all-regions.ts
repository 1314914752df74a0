import { afsbp, cis, nist80053, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isTrue, requires } from '../../engine/verdict.ts';

export const configAggregatesAllRegions: Rule = {
  id: 'config-aggregates-all-regions',
  title: 'The Config aggregator covers all regions',
  severity: 'warning',
  rationale: 'A resource in a forgotten region would be in no report.',
  remediation: 'Set all_regions to true.',
  controls: [
    ...afsbp('Config.1'),
    ...cis('4.3'),
    ...nist80053('CM-8(6)'),
    ...iso27001('A.5.16', 'A.5.22'),
    ...gdpr('article_25', 'article_30'),
    ...soc2('cc_2_1'),
  ],
  check: resource('aws_config_configuration_aggregator', (aggregator) => {
    const sources = [
      ...aggregator.blocks('account_aggregation_source'),
      ...aggregator.blocks('organization_aggregation_source'),
    ];
    return all(...sources.map((source) => requires(source, 'all_regions', isTrue)));
  }),
};
