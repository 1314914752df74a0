import { afsbp, nist80053, hipaa } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { fail, isTrue, notApplicable, requires } from '../../engine/verdict.ts';

export const rdsManagedMasterPassword: Rule = {
  id: 'rds-managed-master-password',
  title: 'The master password is made and rotated by RDS',
  severity: 'error',
  rationale:
    "A password in the configuration stands in the state file, in plans and in somebody's history.",
  remediation: 'Set manage_master_user_password to true and remove password.',
  controls: [
    ...afsbp('SecretsManager.1'),
    ...nist80053('AC-2(1)', 'AC-3(3)(a)', 'AC-3(3)(b)(1)', 'AC-3(3)(b)(2)'),
    ...hipaa('164.308(a)(4)(ii)(B)'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database) => {
    if (
      ['replicate_source_db', 'snapshot_identifier', 'replication_source_identifier'].some(
        (name) => database.get(name) !== undefined,
      )
    )
      return notApplicable;
    const literal = ['password', 'master_password'].find(
      (name) => database.get(name) !== undefined,
    );
    return literal === undefined
      ? requires(database, 'manage_master_user_password', isTrue)
      : fail(`${literal} is written`, 'manage_master_user_password true');
  }),
};
