import { afsbp, nist80053 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isNotTrue, requires } from '../../engine/verdict.ts';

export const ecsNoPublicIp: Rule = {
  id: 'ecs-no-public-ip',
  title: 'Services and tasks have no public addresses',
  severity: 'error',
  rationale: 'A task with a public address stands beside the door, not behind it.',
  remediation: 'Set assign_public_ip to false and use private subnets.',
  controls: [...afsbp('ECS.2'), ...nist80053('SC-7a')],
  check: resource(['aws_ecs_service', 'aws_ecs_task_set', 'aws_scheduler_schedule'], (service) =>
    all(
      requires(service, 'network_configuration.assign_public_ip', isNotTrue),
      requires(service, 'target.ecs_parameters.network_configuration.assign_public_ip', isNotTrue),
    ),
  ),
};
