import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const ecsOwnProcessNamespace: Rule = {
  id: 'ecs-own-process-namespace',
  title: "Tasks do not share the host's processes",
  severity: 'error',
  rationale: "Who sees the host's processes reads their memory and environment.",
  remediation: 'Remove pid_mode host.',
  controls: [...afsbp('ECS.3'), ...nist80053('AC-6')],
  check: resource('aws_ecs_task_definition', (task) =>
    when(
      task.get('pid_mode') !== 'host' && task.get('ipc_mode') !== 'host',
      'shares the host namespace',
      'namespaces of its own',
    ),
  ),
};
