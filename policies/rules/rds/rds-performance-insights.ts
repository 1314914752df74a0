import { nist80053, hipaa } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const rdsPerformanceInsights: Rule = {
  id: 'rds-performance-insights',
  title: 'Databases record which statements load them',
  severity: 'warning',
  rationale:
    'Without it neither a slow query nor a mass extraction can be traced to its statement afterwards.',
  remediation: 'Set performance_insights_enabled to true.',
  controls: [...nist80053('SI-4(2)', 'AU-12a', 'AU-12(3)', 'AU-14a'), ...hipaa('164.312(b)')],
  check: resource(['aws_db_instance', 'aws_rds_cluster_instance'], (database) =>
    requires(database, 'performance_insights_enabled', isTrue),
  ),
};
