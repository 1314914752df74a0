import { nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const ecsSeparateRoles: Rule = {
  id: 'ecs-separate-roles',
  title: 'Tasks have a role of their own beside the one that starts them',
  severity: 'warning',
  rationale:
    'The starting role reads the secrets of all containers; the program inside needs only its own.',
  remediation: 'Set task_role_arn and execution_role_arn to different roles.',
  controls: [...nist80053('AC-6', 'AC-5b')],
  check: resource('aws_ecs_task_definition', (task) => {
    const [own, starter] = [task.get('task_role_arn'), task.get('execution_role_arn')];
    return when(own === undefined || own !== starter, 'one role for both', 'two roles');
  }),
};
