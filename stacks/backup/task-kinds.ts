import type { Duty } from './roles.ts';

/** Secrets of the agent, each with the environment variable in which the configuration expects it. */
export const secretVariables = {
  'writer-key': 'HOLDFAST_WRITER_KEY',
  'copier-key': 'HOLDFAST_WRITER_KEY',
  'pruner-key': 'HOLDFAST_CURATOR_KEY',
  'curator-key': 'HOLDFAST_CURATOR_KEY',
  'drill-key': 'HOLDFAST_DRILL_KEY',
  'metadata-identity': 'HOLDFAST_METADATA_IDENTITY',
  'recovery-identity': 'HOLDFAST_RECOVERY_IDENTITY',
  /** Of the server that a restore fills; the job's own source takes tokens of IAM. */
  'target-password': 'PGPASSWORD',
} as const;
export type SecretName = keyof typeof secretVariables;

export interface TaskKind {
  /** Whose rights the task has. */
  readonly duty: Duty;
  /** What its environment is given; nothing else is in its reach. */
  readonly secrets: readonly SecretName[];
  /** Needs a server to restore into. */
  readonly sandbox?: boolean;
  /** Reads the sources: the database, the bucket, the file system. */
  readonly readsSources?: boolean;
  /** Sized as drills are; what it restores goes elsewhere. */
  readonly restores?: boolean;
  /** Started by people alone: no schedule may. */
  readonly byHand?: boolean;
}

const restoring = {
  secrets: ['metadata-identity', 'recovery-identity', 'target-password'],
  restores: true,
  byHand: true,
} as const;
/** Holds, releases and erasures; each site has a key of its own for them. */
const curating = { secrets: ['curator-key', 'metadata-identity'], byHand: true } as const;

/** The tasks, by the name of their definition. */
export const taskKinds = {
  run: { duty: 'writer', secrets: ['writer-key', 'metadata-identity'], readsSources: true },
  copy: { duty: 'copier', secrets: ['copier-key'] },
  verify: { duty: 'verifier', secrets: ['metadata-identity'] },
  prune: { duty: 'pruner', secrets: ['pruner-key'] },
  /** Of what AWS Backup restored; starts when a restore test is complete. */
  validate: { duty: 'validator', secrets: [] },
  drill: {
    duty: 'drill',
    secrets: ['drill-key', 'metadata-identity', 'recovery-identity'],
    sandbox: true,
  },
  restore: { duty: 'restorer', ...restoring },
  curate: { duty: 'curator', ...curating },
  'restore-offsite': { duty: 'offsiteRestorer', ...restoring },
  'curate-offsite': { duty: 'offsiteCurator', ...curating },
  'verify-offsite': { duty: 'offsiteVerifier', secrets: ['metadata-identity'] },
  'prune-offsite': { duty: 'offsitePruner', secrets: ['pruner-key'] },
} as const satisfies Readonly<Record<string, TaskKind>>;
export type TaskName = keyof typeof taskKinds;

export function startedByHand(name: TaskName): boolean {
  const kind: TaskKind = taskKinds[name];
  return kind.byHand ?? false;
}

export interface Run {
  readonly task: TaskName;
  /** Arguments of `holdfast`. */
  readonly command: readonly string[];
}

const offsite = ['--from', 'offsite'];
/** Seven runs read all. */
const sample = ['--read', '1/7'];

/** What a schedule of a job starts, by its kind; copies are verified and pruned by tasks of their own. */
export const runsOf: Readonly<Record<string, (job: string, copied: boolean) => readonly Run[]>> = {
  full: (job) => [{ task: 'run', command: ['run', job, '--kind', 'full'] }],
  incremental: (job) => [{ task: 'run', command: ['run', job, '--kind', 'incremental'] }],
  copy: (job) => [{ task: 'copy', command: ['run', job, '--kind', 'copy'] }],
  verify: (job, copied) => [
    { task: 'verify', command: ['verify', job, ...sample] },
    ...when(copied, { task: 'verify-offsite', command: ['verify', job, ...offsite, ...sample] }),
  ],
  prune: (job, copied) => [
    { task: 'prune', command: ['prune', job, '--confirm', '--wait'] },
    ...when(copied, {
      task: 'prune-offsite',
      command: ['prune', job, ...offsite, '--confirm', '--wait'],
    }),
  ],
  drill: (job) => [{ task: 'drill', command: ['drill', job, ...offsite] }],
};

/** Judges a job's objectives: by whom the copies can be seen as well as the originals. */
export function watchOf(job: string): Run {
  return { task: 'copy', command: ['status', job, '--check'] };
}

function when(condition: boolean, run: Run): readonly Run[] {
  return condition ? [run] : [];
}
