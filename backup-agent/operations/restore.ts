import type { ConsistentPoint } from '../../contracts/manifest.ts';
import { HoldfastError, type Problem } from '../errors/holdfast-error.ts';
import type { IntoPolicy } from '../sources/files/restore/placement.ts';
import { restoreFiles } from '../sources/files/restore/restore-files.ts';
import {
  restorePostgres,
  type RestoreOptions,
} from '../sources/postgres/restore/restore-postgres.ts';
import type { Agent, Run } from './agent.ts';
import { selectBackup, type SelectedBackup, type Selection } from './select-backup.ts';

export interface RestoreRequest extends Selection {
  /** A database URL, or a directory, as the job's source is. */
  readonly to: string;
  readonly noOwner: boolean;
  readonly noPrivileges: boolean;
  /** Attachments only: what may be done where the target holds something already. */
  readonly into?: IntoPolicy;
  /** Attachments only: one entry, with what lies in it. */
  readonly path?: string;
  readonly moment?: NonNullable<RestoreOptions['moment']>;
}

export interface RestoreOutcome {
  readonly backup: string;
  readonly from: string;
  /** The moment that the target now shows. */
  readonly point: ConsistentPoint;
  readonly items: number;
  readonly bytes: number;
  /** What is missing, was left out, or was put to rest, and why. */
  readonly problems: readonly Problem[];
  readonly neutralised: readonly string[];
}

/** Restores a backup and its chain to a database or a directory, which must be empty. */
export async function runRestore(
  agent: Agent,
  request: RestoreRequest,
  run: Run,
): Promise<RestoreOutcome> {
  const selected = await selectBackup(agent, request);
  const isDatabase = /^postgres(ql)?:\/\//.test(request.to);
  const { kind } = selected.record.manifest.source;
  if ((kind === 'postgres') !== isDatabase)
    throw new HoldfastError(
      'usage-invalid',
      isDatabase
        ? `job ${request.job} holds files: name a directory, not a database`
        : `job ${request.job} holds a database: name a connection URL (postgres://…)`,
    );
  return isDatabase
    ? await restoreDatabase(agent, request, selected, run)
    : await restoreTree(agent, request, selected, run);
}

async function restoreDatabase(
  agent: Agent,
  request: RestoreRequest,
  selected: SelectedBackup,
  { progress }: Run,
): Promise<RestoreOutcome> {
  const { signal, now, log } = agent;
  const result = await restorePostgres({
    chain: selected.readers,
    target: await agent.databaseTarget(request.to),
    noOwner: request.noOwner,
    noPrivileges: request.noPrivileges,
    ...(request.moment === undefined ? {} : { moment: request.moment }),
    signal,
    now,
    log,
    progress,
  });
  return {
    ...describe(selected),
    point: result.point,
    items: result.tables.length,
    bytes: result.bytes,
    problems: [
      ...result.problems,
      ...result.inexact.map(({ schema, name, reason }) => ({
        where: `${schema}.${name}`,
        what: reason,
      })),
    ],
    neutralised: result.neutralised.map(({ kind, name, how }) => `${kind} ${name}: ${how}`),
  };
}

async function restoreTree(
  agent: Agent,
  request: RestoreRequest,
  selected: SelectedBackup,
  { progress }: Run,
): Promise<RestoreOutcome> {
  const report = await restoreFiles({
    chain: selected.readers,
    target: request.to,
    ...(request.into === undefined ? {} : { into: request.into }),
    ...(request.path === undefined ? {} : { path: request.path }),
    signal: agent.signal,
    progress,
  });
  return {
    ...describe(selected),
    point: selected.record.manifest.point,
    items: report.restored,
    bytes: report.bytes,
    problems: report.refused,
    neutralised: [],
  };
}

function describe({ record, repository }: SelectedBackup): Pick<RestoreOutcome, 'backup' | 'from'> {
  return { backup: record.manifest.id, from: repository.name };
}
