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
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { notApplicable, requires } from '../../engine/verdict.ts';

export const rdsPerformanceInsightsKey: Rule = {
  id: 'rds-performance-insights-key',
  title: 'Performance Insights is encrypted by a customer managed key',
  severity: 'error',
  rationale:
    "Recorded statements may hold customers' data as literals, so they deserve the same key as the data.",
  remediation: 'Set performance_insights_kms_key_id.',
  controls: [
    ...afsbp('RDS.3'),
    ...cis('3.2.1'),
    ...nist80053('AU-9(3)', 'CP-9d', 'SC-8(3)', 'SC-8(4)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
    ...iso27001('A.8.11', 'A.8.24'),
    ...gdpr('article_32'),
    ...soc2('pi_1_5'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster_instance'], (database, everything) =>
    database.get('performance_insights_enabled') === true
      ? requires(database, 'performance_insights_kms_key_id', customerKey(everything))
      : notApplicable,
  ),
};
