import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const rdsIamAuthentication: Rule = {
  id: 'rds-iam-authentication',
  title: 'Databases accept IAM authentication',
  severity: 'warning',
  rationale:
    'Without it people and tasks share long-lived passwords instead of short tokens bound to their role.',
  remediation: 'Set iam_database_authentication_enabled to true and grant rds_iam to the roles.',
  controls: [...afsbp('RDS.10'), ...nist80053('AC-3')],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database) =>
    requires(database, 'iam_database_authentication_enabled', isTrue),
  ),
};
