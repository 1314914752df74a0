import { first, type Mutation, set, within } from './mutations.ts';

type Container = Record<string, unknown>;

/** Changes the containers of a task definition. */
function containers(
  rule: string,
  what: string,
  edit: (container: Container) => Container,
): Mutation {
  return {
    rule,
    what: `a task with ${what}`,
    apply: (stacks) => {
      const { block } = first(stacks, 'aws_ecs_task_definition');
      const written = JSON.parse(String(block['container_definitions'])) as Container[];
      block['container_definitions'] = JSON.stringify(written.map(edit));
    },
  };
}

const schedule = 'aws_scheduler_schedule';
const network = 'target.ecs_parameters.network_configuration';
const starter = '${aws_iam_role.home_run_start-role.arn}';

/** Misconfigurations of the agent's tasks, their images and what starts them. */
export const agentTasks: readonly Mutation[] = [
  set('scheduler-customer-key', schedule, 'kms_key_arn', undefined),
  set('ecr-immutable-tags', 'aws_ecr_repository', 'image_tag_mutability', 'MUTABLE'),
  set(
    'ecr-scans-on-push',
    'aws_ecr_repository',
    'image_scanning_configuration.scan_on_push',
    false,
  ),
  set('ecr-customer-key', 'aws_ecr_repository', 'encryption_configuration', undefined),
  set('ecs-container-insights', 'aws_ecs_cluster', 'setting', undefined),
  set('ecs-exec-logged', 'aws_ecs_cluster', 'configuration', undefined),
  set('ecs-no-public-ip', schedule, `${network}.assign_public_ip`, true),
  containers('ecs-not-privileged', 'root for its user', (one) => ({ ...one, user: '0' })),
  set('ecs-own-process-namespace', 'aws_ecs_task_definition', 'pid_mode', 'host'),
  containers('ecs-read-only-root', 'a root that it can write to', (one) => ({
    ...one,
    readonlyRootFilesystem: false,
  })),
  containers('ecs-no-plain-secrets', 'a password in its environment', (one) => ({
    ...one,
    environment: [{ name: 'PGPASSWORD', value: 'written-in-the-clear' }],
  })),
  {
    rule: 'ecs-separate-roles',
    what: 'a task that has the rights of what starts it',
    apply: (stacks) => {
      const { block } = first(stacks, 'aws_ecs_task_definition', /home_run/);
      block['task_role_arn'] = starter;
      block['execution_role_arn'] = starter;
    },
  },
  ...within('staging', [
    {
      rule: 'ecs-efs-in-transit',
      what: 'a file system mounted in the clear',
      apply: (stacks) => {
        const { block } = first(stacks, 'aws_ecs_task_definition', /home_run/);
        for (const volume of block['volume'] as Record<string, Container | undefined>[]) {
          const files = volume['efs_volume_configuration'];
          if (files) files['transit_encryption'] = 'DISABLED';
        }
      },
    },
  ]),
];
