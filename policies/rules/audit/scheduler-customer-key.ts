import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const schedulerCustomerKey: Rule = {
  id: 'scheduler-customer-key',
  title: 'Schedules are encrypted by a customer managed key',
  severity: 'warning',
  rationale: "A schedule's input names databases and buckets.",
  remediation: 'Set kms_key_arn.',
  controls: [...nist80053('SC-28', 'SC-12'), ...iso27001('A.8.24')],
  check: resource('aws_scheduler_schedule', (schedule, everything) =>
    requires(schedule, 'kms_key_arn', customerKey(everything)),
  ),
};
