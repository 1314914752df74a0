import { momentOf } from '../repository/backups.ts';
import type { ReplayTarget } from '../sources/postgres/changes/replay-target.ts';
import { readLogOnly } from './history.ts';
import {
  selectBackup,
  type ReadingAgent,
  type SelectedBackup,
  type Selection,
} from './select-backup.ts';

export interface DrillRequest extends Pick<Selection, 'job' | 'backup'> {
  /** A repository, or `alternate`: of the job's repositories the one drilled longest ago. */
  readonly from?: string;
  /** Restore to this moment of the chain, or to a random one; to its end by default. */
  readonly at?: Date | 'random';
}

export interface ChosenBackup extends SelectedBackup {
  readonly moment: ReplayTarget;
}

/** Finds what the drill restores. Throws as `selectBackup` does. */
export async function chooseBackup(
  agent: ReadingAgent,
  request: DrillRequest,
): Promise<ChosenBackup> {
  const { job, backup, at } = request;
  const from = request.from === 'alternate' ? await leastDrilled(agent, job) : request.from;
  const selected = await selectBackup(agent, {
    job,
    backup,
    ...(from === undefined ? {} : { from }),
    ...(at instanceof Date ? { at } : {}),
  });
  const moment = at === 'random' ? randomMoment(agent, selected) : at;
  return { ...selected, moment: moment ? asTarget(moment) : { kind: 'end' } };
}

function asTarget(moment: Date): ReplayTarget {
  return { kind: 'time', timeUs: BigInt(moment.getTime()) * 1_000n };
}

/** Between the full's moment and the backup's own; the end, where they are the same. */
function randomMoment(agent: ReadingAgent, { chain, record }: SelectedBackup): Date | undefined {
  const [full] = chain;
  const start = full ? momentOf(full).getTime() : 0;
  const spanMs = momentOf(record).getTime() - start;
  if (spanMs <= 0) return undefined;
  const fraction = Buffer.from(agent.randomBytes(4)).readUInt32LE() / 2 ** 32;
  return new Date(start + Math.floor(fraction * spanMs) + 1);
}

/** Read off the repositories' own logs, so that it needs no memory of this host. */
async function leastDrilled(agent: ReadingAgent, job: string): Promise<string> {
  const { repository, copies } = agent.job(job);
  const drilled = await Promise.all(
    [repository, ...copies].map(async (name) => {
      const log = await readLogOnly(agent, await agent.openRepository(name), job);
      const last = log.findLast(({ commit }) => commit.subject.type === 'evidence');
      return { name, at: last?.commit.at ?? '' };
    }),
  );
  const [least] = drilled.toSorted((left, right) => (left.at < right.at ? -1 : 1));
  return least?.name ?? repository;
}
