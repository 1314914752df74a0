import { BackupPlan, type BackupPlanRule } from '@cdktf/provider-aws/lib/backup-plan/index.js';
import { BackupSelection } from '@cdktf/provider-aws/lib/backup-selection/index.js';
import { CloudwatchEventRule } from '@cdktf/provider-aws/lib/cloudwatch-event-rule/index.js';
import { CloudwatchEventTarget } from '@cdktf/provider-aws/lib/cloudwatch-event-target/index.js';
import { Construct } from 'constructs';
import type { DataStack } from '../../data/data-stack.ts';
import { stackOf } from '../../lib/environment-stack.ts';
import type { Site } from '../site.ts';
import { RestoreTesting, type Validator } from './restore-testing.ts';
import { serviceRole } from './service-role.ts';
import { keptDays, recoveryVaults, type RecoveryVaults } from './vaults.ts';

export interface AwsBackupConfig {
  readonly here: Site;
  readonly there: Site;
  readonly data: DataStack;
  readonly databaseGroupId: string;
  readonly topicArn: string;
  readonly validator: Validator;
}

/** Minutes until a job must have started, and until it must be done. */
const startWindow = 60;
const completionWindow = 360;

/**
 * AWS Backup beside the agent: other code, other formats, other keys. It brings back a whole instance by
 * one call; what it cannot do is to be read, or proven, without AWS.
 */
export class AwsBackup extends Construct {
  constructor(scope: Construct, id: string, config: AwsBackupConfig) {
    super(scope, id);
    const { here, there, data } = config;
    const stack = stackOf(this);
    const vaults = recoveryVaults(this, here, there);
    const role = serviceRole(this);
    const plan = new BackupPlan(this, 'plan', { name: stack.named('crm'), rule: rules(vaults) });
    new BackupSelection(this, 'selection', {
      name: stack.named('crm'),
      planId: plan.id,
      iamRoleArn: role.arn,
      resources: [
        data.database.instance.arn,
        data.attachments.bucket.bucket.arn,
        ...(data.fileSystem ? [data.fileSystem.fileSystem.arn] : []),
      ],
    });
    new RestoreTesting(this, 'testing', {
      data,
      roleArn: role.arn,
      vaultArn: vaults.home.arn,
      databaseGroupId: config.databaseGroupId,
      validator: config.validator,
    });
    this.#tell(config.topicArn);
  }

  #tell(topicArn: string): void {
    const told = {
      'Backup Job State Change': { state: ['ABORTED', 'EXPIRED', 'FAILED'] },
      'Copy Job State Change': { state: ['FAILED'] },
      'Restore Job State Change': { status: ['ABORTED', 'FAILED'] },
    };
    for (const [type, detail] of Object.entries(told)) {
      const id = `${type.split(' ')[0]?.toLowerCase()}-failed`;
      const rule = new CloudwatchEventRule(this, id, {
        name: stackOf(this).named(`aws-backup-${id}`),
        description: `AWS Backup: ${type} to ${Object.values(detail).join()}`,
        eventPattern: JSON.stringify({ source: ['aws.backup'], 'detail-type': [type], detail }),
      });
      new CloudwatchEventTarget(this, `${id}-told`, { rule: rule.name, arn: topicArn });
    }
  }
}

/** Every moment of the last 35 days, and a copy of each day elsewhere; times are UTC. */
function rules({ home, offsite, airGapped }: RecoveryVaults): BackupPlanRule[] {
  const lifecycle = { deleteAfter: keptDays };
  const common = { targetVaultName: home.name, startWindow, completionWindow, lifecycle };
  const copies = [offsite.arn, ...(airGapped ? [airGapped.arn] : [])];
  return [
    {
      ...common,
      ruleName: 'continuous',
      schedule: 'cron(0 2 * * ? *)',
      enableContinuousBackup: true,
    },
    {
      ...common,
      ruleName: 'daily',
      schedule: 'cron(30 3 * * ? *)',
      copyAction: copies.map((destinationVaultArn) => ({ destinationVaultArn, lifecycle })),
    },
  ];
}
