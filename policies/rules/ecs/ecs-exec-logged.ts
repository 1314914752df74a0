import { afsbp, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, equals, requires } from '../../engine/verdict.ts';

export const ecsExecLogged: Rule = {
  id: 'ecs-exec-logged',
  title: 'Shells in containers are encrypted by a customer managed key and logged',
  severity: 'warning',
  rationale: 'A shell in production without a record cannot be accounted for.',
  remediation:
    'Set execute_command_configuration with kms_key_id, and logging OVERRIDE to an encrypted log group.',
  controls: [
    ...afsbp('ECS.9'),
    ...nist80053('AU-12a', 'AC-17(1)'),
    ...iso27001('A.8.15'),
    ...soc2('cc_a_1_1'),
  ],
  check: resource('aws_ecs_cluster', (cluster, everything) =>
    all(
      requires(cluster, 'configuration.execute_command_configuration.logging', equals('OVERRIDE')),
      requires(
        cluster,
        'configuration.execute_command_configuration.kms_key_id',
        customerKey(everything),
      ),
    ),
  ),
};
