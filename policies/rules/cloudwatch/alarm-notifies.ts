import { nist80053, hipaa } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isSet, isTrue, requires } from '../../engine/verdict.ts';

export const alarmNotifies: Rule = {
  id: 'alarm-notifies',
  title: 'Alarms tell somebody',
  severity: 'warning',
  rationale: 'An alarm without an action turns red where nobody looks.',
  remediation: 'Set alarm_actions to a topic and leave actions_enabled true.',
  controls: [...nist80053('AU-6(1)', 'AU-6(5)', 'AU-12(3)', 'AU-14a'), ...hipaa('164.312(b)')],
  check: resource(['aws_cloudwatch_metric_alarm', 'aws_cloudwatch_composite_alarm'], (alarm) =>
    all(requires(alarm, 'actions_enabled', isTrue, true), requires(alarm, 'alarm_actions', isSet)),
  ),
};
