import { BackupRestoreTestingPlan } from '@cdktf/provider-aws/lib/backup-restore-testing-plan/index.js';
import { BackupRestoreTestingSelection } from '@cdktf/provider-aws/lib/backup-restore-testing-selection/index.js';
import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { Construct } from 'constructs';
import { placeholdersIn } from '../../../contracts/environment/job-checks.ts';
import type { Environment } from '../../../contracts/environment.ts';
import type { DataStack } from '../../data/data-stack.ts';
import { stackOf } from '../../lib/environment-stack.ts';
import { workloadRole } from '../../lib/workload-role.ts';
import { parameterName } from '../agent-configuration.ts';
import type { Cluster } from '../cluster.ts';
import { launchRights } from '../launch-rights.ts';
import type { Site } from '../site.ts';
import type { AgentTask } from '../tasks/task.ts';

/** The agent's task that asserts what was restored. */
export interface Validator {
  readonly site: Site;
  readonly cluster: Cluster;
  readonly task: AgentTask;
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
}

export interface RestoreTestingConfig {
  readonly data: DataStack;
  readonly roleArn: string;
  readonly vaultArn: string;
  readonly databaseGroupId: string;
  readonly validator: Validator;
}

/** Hours that the restored instance waits for the assertions; then AWS Backup deletes it. */
const validationHours = 8;

/** AWS Backup restores its newest points every week, and the agent says whether they are any good. */
export class RestoreTesting extends Construct {
  constructor(scope: Construct, id: string, config: RestoreTestingConfig) {
    super(scope, id);
    const { environment } = stackOf(this);
    const plan = new BackupRestoreTestingPlan(this, 'plan', {
      // Neither dots nor hyphens.
      name: `${environment.project}_${environment.environment}`.replaceAll('-', '_'),
      scheduleExpression: 'cron(0 7 ? * SUN *)',
      scheduleExpressionTimezone: 'UTC',
      startWindowHours: 4,
      recoveryPointSelection: [
        {
          algorithm: 'LATEST_WITHIN_WINDOW',
          includeVaults: [config.vaultArn],
          recoveryPointTypes: ['CONTINUOUS', 'SNAPSHOT'],
          selectionWindowDays: 7,
        },
      ],
    });
    this.#selections(plan.name, config);
    const job = databaseJob(environment);
    if (job !== undefined) this.#validate(job, config.validator);
  }

  #selections(planName: string, { data, roleArn, databaseGroupId }: RestoreTestingConfig): void {
    const { database, attachments, fileSystem } = data;
    const selection = (name: string, type: string, arn: string, more = {}) =>
      new BackupRestoreTestingSelection(this, name, {
        name,
        restoreTestingPlanName: planName,
        iamRoleArn: roleArn,
        protectedResourceType: type,
        protectedResourceArns: [arn],
        ...more,
      });
    selection('database', 'RDS', database.instance.arn, {
      validationWindowHours: validationHours,
      // Into the data tier, where the agent's tasks reach it, and let in by IAM as at the source.
      restoreMetadataOverrides: {
        dbSubnetGroupName: database.instance.dbSubnetGroupName,
        vpcSecurityGroupIds: JSON.stringify([databaseGroupId]),
        enableIAMDatabaseAuthentication: 'true',
        multiAZ: 'false',
      },
    });
    selection('attachments', 'S3', attachments.bucket.bucket.arn);
    if (fileSystem) selection('files', 'EFS', fileSystem.fileSystem.arn);
  }

  /** EventBridge hears of the restore, and starts the task that asserts and answers. */
  #validate(job: string, validator: Validator): void {
    const stack = stackOf(this);
    const { site, cluster, task, subnetIds, securityGroupId } = validator;
    const { role } = workloadRole(this, 'start', {
      name: 'agent-validate-starter',
      description: 'Starts the validation of what AWS Backup restored',
      service: 'events.amazonaws.com',
      rights: launchRights(site, cluster, { tasks: [task], volumeRoleArn: undefined }),
    });
    const rule = new CloudwatchEventRule(this, 'restored', {
      name: stack.named('aws-backup-restored'),
      description: 'A restore test of the database is complete, and waits for its validation',
      eventPattern: JSON.stringify({
        source: ['aws.backup'],
        'detail-type': ['Restore Job State Change'],
        detail: {
          status: ['COMPLETED'],
          resourceType: ['RDS'],
          restoreTestingPlanArn: [{ exists: true }],
        },
      }),
    });
    const place = { name: 'HOLDFAST_CONFIG', value: `ssm:${parameterName(stack, job)}` };
    const command = ['aws', 'validate-restore', job, '--restore-job'];
    new CloudwatchEventTarget(this, 'validate', {
      rule: rule.name,
      arn: cluster.arn,
      roleArn: role.arn,
      ecsTarget: {
        taskDefinitionArn: task.definition.arn,
        taskCount: 1,
        launchType: 'FARGATE',
        enableEcsManagedTags: true,
        propagateTags: 'TASK_DEFINITION',
        networkConfiguration: {
          subnets: [...subnetIds],
          securityGroups: [securityGroupId],
          assignPublicIp: false,
        },
      },
      inputTransformer: {
        inputPaths: { restore: '$.detail.restoreJobId' },
        // EventBridge puts the quotes around what it fills in.
        inputTemplate: JSON.stringify({
          containerOverrides: [
            { name: 'agent', command: [...command, '<restore>'], environment: [place] },
          ],
        }).replace('"<restore>"', '<restore>'),
      },
      retryPolicy: { maximumEventAgeInSeconds: 3600, maximumRetryAttempts: 10 },
    });
  }
}

/** The job that backs the stack's own database up. */
function databaseJob({ jobs }: Environment): string | undefined {
  return Object.entries(jobs).find(
    ([, { source }]) =>
      source.type === 'postgres' && placeholdersIn(source.url).includes('database'),
  )?.[0];
}
