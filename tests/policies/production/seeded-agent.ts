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

const recoveryPoints = /^aws-backup_recovery-points$/;

/** What somebody gets wrong with AWS Backup. */
const awsBackup: readonly Mutation[] = [
  set('backup-vault-customer-key', 'aws_backup_vault', 'kms_key_arn', undefined, recoveryPoints),
  set(
    'backup-vault-customer-key',
    'aws_backup_logically_air_gapped_vault',
    'encryption_key_arn',
    undefined,
  ),
  set(
    'backup-vault-locked',
    'aws_backup_vault_lock_configuration',
    'changeable_for_days',
    undefined,
  ),
  set('backup-restore-tested', 'aws_backup_restore_testing_plan', 'schedule_expression', undefined),
  {
    rule: 'backup-lock-covers-retention',
    what: 'a plan that keeps longer than the lock allows',
    apply: (stacks) => {
      const { block } = first(stacks, 'aws_backup_plan');
      const [rule] = block['rule'] as { lifecycle: Record<string, unknown> }[];
      if (rule) rule.lifecycle['delete_after'] = 400;
    },
  },
  {
    rule: 'backup-offsite-in-truth',
    what: 'a copy of AWS Backup beside the original',
    apply: (stacks) => {
      const { block } = first(stacks, 'aws_backup_plan');
      for (const rule of block['rule'] as Record<string, unknown>[])
        if (rule['copy_action'])
          rule['copy_action'] = [
            { destination_vault_arn: '${aws_backup_vault.aws-backup_recovery-points.arn}' },
          ];
    },
  },
  {
    rule: 'data-in-backup-plan',
    what: 'a selection that forgets the database',
    apply: (stacks) => {
      first(stacks, 'aws_backup_selection').block['resources'] = ['arn:aws:s3:::other'];
    },
  },
];

/** Misconfigurations of the agent's tasks, their images and what starts them. */
export const agentTasks: readonly Mutation[] = [
  ...awsBackup,
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
