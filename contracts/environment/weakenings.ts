import type { EnvironmentShape } from '../environment.ts';

/** A setting that differs from the secure baseline, and why that matters. */
export interface Baseline {
  /** Dotted path in the environment file. */
  readonly setting: string;
  readonly secure: string;
  readonly weak: (environment: EnvironmentShape) => boolean;
  readonly costs: string;
}

const minimumLogsDays = 365;

/** What an environment may weaken, if it says so with a reason. */
export const baseline: readonly Baseline[] = [
  {
    setting: 'network.natGateways',
    secure: 'per-zone',
    weak: (file) => file.network.natGateways === 'one',
    costs: 'the loss of one zone cuts all zones off from the internet',
  },
  {
    setting: 'network.firewall',
    secure: 'true',
    weak: (file) => !file.network.firewall,
    costs: 'no intrusion prevention, and no allow list of domains for outbound traffic',
  },
  {
    setting: 'network.dnsFirewall',
    secure: 'true',
    weak: (file) => !file.network.dnsFirewall,
    costs: 'names outside the allow list resolve, so data can leave through DNS',
  },
  {
    setting: 'network.deletionProtection',
    secure: 'true',
    weak: (file) => !file.network.deletionProtection,
    costs: 'one call deletes the firewall, and with it every way out',
  },
  {
    setting: 'edge.deletionProtection',
    secure: 'true',
    weak: (file) => !file.edge.deletionProtection,
    costs: 'one call deletes the front door',
  },
  {
    setting: 'vpn.clients.sessionHours',
    secure: '8',
    weak: (file) => (file.vpn.clients?.sessionHours ?? 8) > 8,
    costs: 'a stolen session lives longer',
  },
  {
    setting: 'data.multiAz',
    secure: 'true',
    weak: (file) => !file.data.multiAz,
    costs: 'the loss of one zone stops the database',
  },
  {
    setting: 'data.deletionProtection',
    secure: 'true',
    weak: (file) => !file.data.deletionProtection,
    costs: 'one call deletes the database',
  },
  {
    setting: 'data.preventDestroy',
    secure: 'true',
    weak: (file) => !file.data.preventDestroy,
    costs: 'Terraform may destroy what holds data',
  },
  {
    setting: 'retention.logsDays',
    secure: `at least ${minimumLogsDays}`,
    weak: (file) => file.retention.logsDays < minimumLogsDays,
    costs: 'an intrusion found late has left no trace',
  },
  {
    setting: 'retention.trailDays',
    secure: `at least ${minimumLogsDays}`,
    weak: (file) => file.retention.trailDays < minimumLogsDays,
    costs: 'who did what a year ago is known to nobody',
  },
  {
    setting: 'audit.lock',
    secure: 'compliance',
    weak: (file) => file.audit.lock !== 'compliance',
    costs: 'whoever may bypass governance deletes the records of what was done',
  },
  {
    setting: 'retention.databaseBackupsDays',
    secure: '35',
    weak: (file) => file.retention.databaseBackupsDays < 35,
    costs: 'a point in time before the window cannot be restored by RDS itself',
  },
];
