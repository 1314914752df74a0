import { afsbp, nist80053, hipaa } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { between, requires } from '../../engine/verdict.ts';

export const rdsEnhancedMonitoring: Rule = {
  id: 'rds-enhanced-monitoring',
  title: "Databases report the operating system's metrics",
  severity: 'warning',
  rationale:
    'CPU steal, swapping and processes are invisible in the ordinary metrics, and an incident stays unexplained.',
  remediation: 'Set monitoring_interval (1 to 60 seconds) and monitoring_role_arn.',
  controls: [
    ...afsbp('RDS.6'),
    ...nist80053('AU-12(3)', 'AU-14a', 'AU-14b', 'CA-2(2)'),
    ...hipaa('164.312(b)'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster_instance'], (database) =>
    requires(database, 'monitoring_interval', between(1, 60), 0),
  ),
};
