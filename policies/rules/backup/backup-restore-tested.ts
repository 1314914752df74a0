import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { accountGuard } from '../../analysis/guards.ts';
import type { Rule } from '../../engine/rule.ts';
import { isSet, requires } from '../../engine/verdict.ts';

export const backupRestoreTested: Rule = {
  id: 'backup-restore-tested',
  title: 'Restores from AWS Backup are tested on a schedule',
  severity: 'warning',
  rationale: 'A recovery point that does not restore looks like any other.',
  remediation: 'Add an aws_backup_restore_testing_plan.',
  controls: [...nist80053('CP-10'), ...iso27001('A.8.13'), ...soc2('pi_1_5')],
  check: accountGuard('aws_backup_plan', 'aws_backup_restore_testing_plan', (plan) =>
    requires(plan, 'schedule_expression', isSet),
  ),
};
