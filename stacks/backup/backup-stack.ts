import type { Construct } from 'constructs';
import type { Environment } from '../../contracts/environment.ts';
import { classify } from '../lib/classification.ts';
import { EnvironmentStack, type Guardrails } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';
import { workloadRole } from '../lib/workload-role.ts';
import {
  copierRights,
  curatorRights,
  drillRights,
  prunerRights,
  restorerRights,
  writerRights,
} from './rights.ts';
import { duties, type Duty } from './roles.ts';
import { Vault } from './vault.ts';

/** Where the agent keeps backups, here and off-site, and who may do what with them. */
export class BackupStack extends EnvironmentStack {
  readonly vault: Vault;
  readonly offsiteVault: Vault;

  constructor(scope: Construct, environment: Environment, guardrails: Guardrails) {
    super(scope, 'backup', environment, guardrails);
    classify(this, 'personal');
    this.vault = new Vault(this, 'vault', { offsite: false });
    this.offsiteVault = new Vault(this, 'offsite-vault', { offsite: true });
    this.#role('writer', 'Makes backups', writerRights(this, this.vault));
    this.#role(
      'copier',
      'Copies backups off-site',
      copierRights(this, this.vault, this.offsiteVault),
    );
    this.#role('curator', 'Holds backups', curatorRights(this, this.vault));
    this.#role('pruner', 'Prunes backups', prunerRights(this, this.vault));
    this.#role('offsitePruner', 'Prunes off-site copies', prunerRights(this, this.offsiteVault));
    this.#role('restorer', 'Restores', restorerRights(this, this.vault));
    this.#role(
      'offsiteRestorer',
      'Restores from the off-site copies',
      restorerRights(this, this.offsiteVault),
    );
    this.#role('drill', 'Rehearses restores off-site', drillRights(this, this.offsiteVault));
    this.output('vault-bucket-name', this.vault.bucket.bucket.bucket, 'The vault of backups');
    this.output(
      'offsite-vault-bucket-name',
      this.offsiteVault.bucket.bucket.bucket,
      'The vault of off-site copies',
    );
  }

  #role(duty: Duty, description: string, rights: readonly Statement[]): void {
    const { name, offsite } = duties[duty];
    const { role } = workloadRole(this, name, {
      name,
      description,
      service: 'ecs-tasks.amazonaws.com',
      rights,
      ...(offsite ? { offsite, provider: this.offsite } : {}),
    });
    this.output(`${name}-role-arn`, role.arn, description);
  }
}
