import { nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isKnown } from '../../engine/value.ts';
import { requires } from '../../engine/verdict.ts';

export const logGroupRetention: Rule = {
  id: 'log-group-retention',
  title: 'Log groups keep what they hold for at least a year',
  severity: 'error',
  rationale: 'Intrusions are often found after months; logs that are gone by then answer nothing.',
  remediation: 'Set retention_in_days to 365 or more, or to 0 for ever.',
  controls: [
    ...nist80053('AC-16b', 'AT-4b', 'AU-6(3)', 'AU-6(4)'),
    ...hipaa('164.312(b)'),
    ...pci('3.1', '10.7'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...soc2('cc_7_2'),
  ],
  check: resource('aws_cloudwatch_log_group', (group) =>
    requires(group, 'retention_in_days', {
      expected: 'at least 365 days',
      test: (days) =>
        isKnown(days ?? null)
          ? days === 0 || (days !== undefined && Number(days) >= 365)
          : undefined,
    }),
  ),
};
