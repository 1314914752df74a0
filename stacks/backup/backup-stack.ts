import type { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import type { DataStack } from '../data/data-stack.ts';
import { classify } from '../lib/classification.ts';
import { EnvironmentStack } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';
import { workloadRole } from '../lib/workload-role.ts';
import type { NetworkStack } from '../network/network-stack.ts';
import { NoticeTopic } from '../constructs/notice-topic.ts';
import { AgentSite } from './agent-site.ts';
import { filesPath } from './agent-configuration.ts';
import { BackupAlarms } from './alarms.ts';
import { AwsBackup } from './aws-backup/aws-backup.ts';
import { replicateImages } from './images.ts';
import {
  copierRights,
  curatorRights,
  drillRights,
  prunerRights,
  restorerRights,
  writerRights,
} from './rights.ts';
import { duties, type Duty } from './roles.ts';
import { configurationRights, sourceRights, validatorRights } from './source-rights.ts';
import { Site } from './site.ts';
import { Vault } from './vault.ts';

const descriptions: Readonly<Record<Duty, string>> = {
  writer: 'Makes backups',
  copier: 'Copies backups off-site',
  curator: 'Holds backups',
  validator: 'Validates what AWS Backup restored',
  verifier: 'Verifies backups',
  pruner: 'Prunes backups',
  restorer: 'Restores',
  drill: 'Rehearses restores off-site',
  offsiteCurator: 'Holds off-site copies',
  offsiteVerifier: 'Verifies off-site copies',
  offsitePruner: 'Prunes off-site copies',
  offsiteRestorer: 'Restores from the off-site copies',
};

/**
 * The vaults of backups, here and off-site, who may do what with them, and the agent's tasks with what
 * starts them.
 */
export class BackupStack extends EnvironmentStack {
  readonly vault: Vault;
  readonly offsiteVault: Vault;
  readonly home: AgentSite;
  readonly offsiteAgent: AgentSite;

  constructor(scope: Construct, environment: Environment, network: NetworkStack, data: DataStack) {
    super(scope, 'backup', environment, network.guardrails);
    classify(this, 'personal');
    this.vault = new Vault(this, 'vault', { offsite: false });
    this.offsiteVault = new Vault(this, 'offsite-vault', { offsite: true });
    const here = new Site(this, 'agent', { offsite: false });
    const there = new Site(this, 'offsite-agent', { offsite: true });
    const roles = this.#roles(here, there, data);
    replicateImages(this, here, there);
    const rendering = {
      vault: this.vault,
      offsiteVault: this.offsiteVault,
      places: {
        database: data.database.instance.address,
        attachments: data.attachments.bucket.name,
        ...(data.fileSystem ? { files: filesPath } : {}),
      },
    };
    this.home = new AgentSite(this, 'home', {
      site: here,
      roles,
      rendering,
      files: data.fileSystem?.mount,
      subnetIds: network.app.subnetIds,
      securityGroupId: network.groups.idOf('backup-task'),
    });
    this.offsiteAgent = new AgentSite(this, 'recovery', {
      site: there,
      roles,
      rendering,
      files: undefined,
      subnetIds: network.recovery.tier.subnetIds,
      securityGroupId: network.recovery.groups.idOf('drill'),
    });
    new AwsBackup(this, 'aws-backup', {
      here,
      there,
      data,
      databaseGroupId: network.groups.idOf('database'),
      topicArn: network.notices.arn,
      validator: {
        site: here,
        cluster: this.home.cluster,
        task: this.home.task('validate'),
        subnetIds: network.app.subnetIds,
        securityGroupId: network.groups.idOf('backup-task'),
      },
    });
    new BackupAlarms(this, 'alarms', {
      site: here,
      agent: this.home,
      vault: this.vault,
      topicArn: network.notices.arn,
    });
    new BackupAlarms(this, 'offsite-alarms', {
      site: there,
      agent: this.offsiteAgent,
      vault: this.offsiteVault,
      topicArn: new NoticeTopic(this, 'backup-notices-offsite', {
        email: environment.contacts.operations,
        offsite: true,
      }).arn,
    });
    this.output('vault-bucket-name', this.vault.bucket.name, 'The vault of backups');
    this.output(
      'offsite-vault-bucket-name',
      this.offsiteVault.bucket.name,
      'The vault of off-site copies',
    );
  }

  #roles(here: Site, there: Site, data: DataStack): Map<Duty, IamRole> {
    const { vault, offsiteVault } = this;
    const rights: Readonly<Record<Duty, readonly Statement[]>> = {
      writer: [...writerRights(this, vault), ...sourceRights(this, data)],
      copier: copierRights(this, vault, offsiteVault),
      curator: curatorRights(this, vault),
      validator: validatorRights(this),
      verifier: restorerRights(this, vault),
      pruner: prunerRights(this, vault),
      restorer: restorerRights(this, vault),
      offsiteCurator: curatorRights(this, offsiteVault),
      drill: drillRights(this, offsiteVault),
      offsiteVerifier: restorerRights(this, offsiteVault),
      offsitePruner: prunerRights(this, offsiteVault),
      offsiteRestorer: restorerRights(this, offsiteVault),
    };
    const entries = Object.entries(rights) as [Duty, readonly Statement[]][];
    return new Map(
      entries.map(([duty, statements]) => [
        duty,
        this.#role(duty, [
          ...statements,
          ...configurationRights(duties[duty].offsite ? there : here),
        ]),
      ]),
    );
  }

  #role(duty: Duty, rights: readonly Statement[]): IamRole {
    const { name, offsite } = duties[duty];
    const { role } = workloadRole(this, name, {
      name,
      description: descriptions[duty],
      service: 'ecs-tasks.amazonaws.com',
      rights,
      ...(offsite ? { offsite, provider: this.offsite } : {}),
    });
    this.output(`${name}-role-arn`, role.arn, descriptions[duty]);
    return role;
  }
}
