import { DbInstance } from '@cdktf/provider-aws/lib/db-instance/index.js';
import { DbParameterGroup } from '@cdktf/provider-aws/lib/db-parameter-group/index.js';
import { DbSubnetGroup } from '@cdktf/provider-aws/lib/db-subnet-group/index.js';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js';
import { Construct } from 'constructs';
import { CustomerKey } from '../constructs/customer-key.ts';
import { logGroup } from '../constructs/log-group.ts';
import { randomSuffix } from '../constructs/random-suffix.ts';
import { classify } from '../lib/classification.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { workloadRole } from '../lib/workload-role.ts';
import { databaseParameters } from './parameters.ts';

export interface DatabaseConfig {
  readonly subnetIds: readonly string[];
  readonly securityGroupId: string;
}

const engine = 'postgres';
const dbName = 'crm';
const username = 'holdfast_admin';
const logExports = ['postgresql', 'upgrade', 'iam-db-auth-error'] as const;

/** The CRM's PostgreSQL on RDS. */
export class Database extends Construct {
  readonly instance: DbInstance;
  readonly key: CustomerKey;
  readonly identifier: string;

  constructor(scope: Construct, id: string, config: DatabaseConfig) {
    super(scope, id);
    classify(this, 'personal');
    const stack = stackOf(this);
    const { data, retention } = stack.environment;
    this.identifier = stack.named('crm');
    this.key = new CustomerKey(this, 'storage', {
      description: 'Encrypts the database, its backups, its insights and its master password',
      viaServices: ['rds', 'secretsmanager'],
    });
    const family = `postgres${data.engineVersion.split('.')[0]}`;
    const parameters = new DbParameterGroup(this, 'parameters', {
      namePrefix: `${this.identifier}-${family}-`,
      family,
      description: 'Encrypted connections, audit, time limits, logical replication',
      parameter: databaseParameters(stack.environment),
      // A new major version needs a new group before the old one can go.
      lifecycle: { createBeforeDestroy: true },
    });
    const subnets = new DbSubnetGroup(this, 'subnets', {
      name: this.identifier,
      description: 'The data tier',
      subnetIds: [...config.subnetIds],
    });
    const groups = this.#logGroups();
    this.instance = new DbInstance(this, 'instance', {
      identifier: this.identifier,
      engine,
      engineVersion: data.engineVersion,
      instanceClass: data.instanceClass,
      dbName,
      port: 5432,
      username,
      manageMasterUserPassword: true,
      masterUserSecretKmsKeyId: this.key.arn,
      iamDatabaseAuthenticationEnabled: true,
      storageType: 'gp3',
      allocatedStorage: data.storageGiB,
      maxAllocatedStorage: data.maxStorageGiB,
      storageEncrypted: true,
      kmsKeyId: this.key.arn,
      multiAz: data.multiAz,
      dbSubnetGroupName: subnets.name,
      vpcSecurityGroupIds: [config.securityGroupId],
      publiclyAccessible: false,
      caCertIdentifier: 'rds-ca-rsa4096-g1',
      parameterGroupName: parameters.name,
      backupRetentionPeriod: retention.databaseBackupsDays,
      backupWindow: data.backupWindow,
      copyTagsToSnapshot: true,
      deleteAutomatedBackups: false,
      deletionProtection: data.deletionProtection,
      skipFinalSnapshot: !data.preventDestroy,
      finalSnapshotIdentifier: this.#finalSnapshot(),
      maintenanceWindow: data.maintenanceWindow,
      autoMinorVersionUpgrade: true,
      allowMajorVersionUpgrade: false,
      applyImmediately: false,
      monitoringInterval: 60,
      monitoringRoleArn: this.#monitoringRole(),
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: this.key.arn,
      // What Database Insights' standard mode keeps without a charge.
      performanceInsightsRetentionPeriod: 7,
      databaseInsightsMode: 'standard',
      enabledCloudwatchLogsExports: [...logExports],
      lifecycle: {
        preventDestroy: data.preventDestroy,
        // Continuous backups: AWS Backup sets these itself.
        ignoreChanges: ['backup_retention_period', 'backup_window'],
      },
      dependsOn: groups,
    });
  }

  /**
   * RDS refuses to delete a database whose final snapshot's name is taken. The keepers are what makes
   * Terraform replace the instance; the one that goes still has its own name in the state.
   */
  #finalSnapshot(): string {
    const suffix = randomSuffix(this, 'final-snapshot', {
      identifier: this.identifier,
      engine,
      dbName,
      username,
      kmsKeyId: this.key.arn,
    });
    return `${this.identifier}-final-${suffix}`;
  }

  /** RDS would make the groups itself, unencrypted and kept for ever. */
  #logGroups() {
    const key = new CustomerKey(this, 'logs', {
      description: "Encrypts the database's logs, in which statements stand",
      logGroups: true,
    });
    return logExports.map((name) =>
      logGroup(this, `${name}-logs`, {
        exactly: `/aws/rds/instance/${this.identifier}/${name}`,
        key,
      }),
    );
  }

  #monitoringRole(): string {
    const stack = stackOf(this);
    const { role } = workloadRole(this, 'monitoring', {
      name: 'database-monitoring',
      description: "Lets RDS publish the operating system's metrics",
      service: 'monitoring.rds.amazonaws.com',
    });
    new IamRolePolicyAttachment(this, 'monitoring-managed', {
      role: role.name,
      policyArn: stack.arn('iam', 'policy/service-role/AmazonRDSEnhancedMonitoringRole', {
        region: '',
        account: 'aws',
      }),
    });
    return role.arn;
  }
}
