import type { Environment } from '../contracts/environment.ts';
import { AuditStack } from './audit/audit-stack.ts';
import { BackupStack } from './backup/backup-stack.ts';
import { BootstrapStack } from './bootstrap/bootstrap-stack.ts';
import { DataStack } from './data/data-stack.ts';
import { EdgeStack } from './edge/edge-stack.ts';
import { IdentityStack } from './identity/identity-stack.ts';
import { App } from './lib/cdktf.ts';
import { NetworkStack } from './network/network-stack.ts';
import { VpnStack } from './vpn/vpn-stack.ts';

/** The stacks of one environment, by purpose; `bootstrap` only where it keeps the others' state. */
export interface Stacks {
  readonly bootstrap: BootstrapStack | undefined;
  readonly identity: IdentityStack;
  readonly audit: AuditStack;
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly backup: BackupStack;
  readonly edge: EdgeStack;
  /** Only where the environment lets somebody in by VPN. */
  readonly vpn: VpnStack | undefined;
}

export interface Build {
  readonly app: App;
  readonly stacks: Stacks;
}

/**
 * Builds the stacks of an environment; nothing is written before `app.synth()`. Validations may be
 * added to the app in between.
 *
 * @param outdir - where the Terraform JSON goes; CDKTF's own choice without it
 */
export function buildApp(environment: Environment, outdir?: string): Build {
  const app = new App(outdir === undefined ? {} : { outdir });
  const bootstrap = environment.state === 's3' ? new BootstrapStack(app, environment) : undefined;
  const identity = new IdentityStack(app, environment);
  const audit = new AuditStack(app, environment, identity.rails);
  const network = new NetworkStack(app, environment, identity.rails);
  const data = new DataStack(app, environment, network);
  const backup = new BackupStack(app, environment, network, data);
  const edge = new EdgeStack(app, environment, network);
  const { clients, sites } = environment.vpn;
  const vpn = clients || sites.length > 0 ? new VpnStack(app, environment, network) : undefined;
  return { app, stacks: { bootstrap, identity, audit, network, data, backup, edge, vpn } };
}
