import { afsbp, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { accountGuard } from '../../analysis/guards.ts';
import type { Rule } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const guarddutyEnabled: Rule = {
  id: 'guardduty-enabled',
  title: 'GuardDuty watches the account wherever it is audited',
  severity: 'error',
  rationale: 'Stolen credentials and mining show in its findings first.',
  remediation: 'Add an aws_guardduty_detector with enable true.',
  controls: [
    ...afsbp('GuardDuty.1'),
    ...nist80053('SI-4(2)'),
    ...iso27001('A.5.19', 'A.5.21'),
    ...soc2('cc_3_1'),
  ],
  check: accountGuard(
    'aws_cloudtrail',
    'aws_guardduty_detector',
    (detector) => requires(detector, 'enable', isTrue, true),
    'guardduty',
  ),
};
