import { resolve } from 'node:path';
import { z } from 'zod';
import type { PostgresSourceConfiguration } from '../../../contracts/job.ts';
import type { BackupRun, Preflight, PreparedBackup, Source, SourceContext } from '../source.ts';
import { captureChanges } from './changes/capture.ts';
import {
  defaultAlignTimeoutMs,
  defaultMaxWalBytes,
  type ChangeFeed,
} from './changes/change-feed.ts';
import type { FollowState } from './changes/follow-state.ts';
import { guardChainSlot } from './changes/job-slots.ts';
import { readFollowState } from './changes/read-follow-state.ts';
import { guardSlot } from './changes/slot-safety.ts';
import { connect, type PostgresSession } from './connection.ts';
import { examine } from './preflight.ts';
import { resolveTarget, type Variables } from './connection-target.ts';
import { dumpSchema } from './dump-schema.ts';
import { backUpLargeObjects } from './full/large-objects.ts';
import { takeFull } from './full/take-full.ts';
import type { TokenPlace } from './rds-token.ts';
import { serverFailure } from './server-error.ts';
import { dropOtherSlots } from './slots.ts';
import { readServerFacts } from './server-facts.ts';
import { jobPublications, leavesOut, type SourceSetup } from './source-setup.ts';

export interface PostgresSourceOptions {
  readonly configuration: PostgresSourceConfiguration;
  readonly environment: Variables;
  /** Asked once per connection; where the configuration names a password. */
  readonly password?: (place: TokenPlace) => Promise<string>;
  readonly job: string;
  /** Relative paths of the configuration start here. */
  readonly directory: string;
}

/**
 * A PostgreSQL database as a source: fulls in one snapshot, incrementals from a replication slot.
 * Connects only when asked for something.
 */
export function createPostgresSource(options: PostgresSourceOptions): Source {
  return new PostgresSource(options);
}

class PostgresSource implements Source {
  readonly kind = 'postgres';
  readonly #options: PostgresSourceOptions;

  constructor(options: PostgresSourceOptions) {
    this.#options = options;
  }

  async preflight(context: SourceContext): Promise<Preflight> {
    const setup = await resolveSetup(this.#options);
    try {
      return await examine(setup, context);
    } catch (error) {
      throw serverFailure(error, `preflight of ${setup.target.database}`, context.signal);
    }
  }

  async *backup(run: BackupRun): AsyncGenerator<PreparedBackup, void, undefined> {
    const setup = await resolveSetup(this.#options);
    try {
      yield* runBackup(setup, run);
    } catch (error) {
      throw serverFailure(error, `backup of ${setup.target.database}`, run.signal);
    }
  }
}

/** Settles where to connect; opens nothing. */
export async function resolveSetup(options: PostgresSourceOptions): Promise<SourceSetup> {
  const { configuration, environment, job, directory, password } = options;
  const { caFile } = configuration;
  const target = await resolveTarget({
    url: configuration.url,
    environment,
    ...(caFile === undefined ? {} : { caFile: resolve(directory, caFile) }),
    ...(password === undefined ? {} : { password }),
  });
  return {
    target,
    job,
    binaries: {
      folder: configuration.binaries && resolve(directory, configuration.binaries),
      searchPath: environment['PATH'],
    },
    variables: environment,
    excludeTables: configuration.excludeTables,
    excludeData: configuration.excludeData,
    lanes: configuration.lanes,
    slot: { warnBytes: configuration.slot.warnAt, dropBytes: configuration.slot.dropAt },
  };
}

async function* runBackup(
  setup: SourceSetup,
  run: BackupRun,
): AsyncGenerator<PreparedBackup, void, undefined> {
  const current = slotOfChain(run);
  const state = run.requested === 'full' ? undefined : newestState(run);
  await using session = await connect(setup.target, { signal: run.signal });
  await dropOtherSlots(session.client, setup.job, current);
  let reason: string | undefined;
  if (run.requested !== 'full') {
    reason = yield* followChain(setup, run, current, { session, state });
    if (reason === undefined) return;
  }
  const slot = yield* takeFull(setup, run, session, reason);
  // Committed: the former chain is closed, and its slot would keep log for nothing.
  await dropOtherSlots(session.client, setup.job, slot);
}

/** Read while the session is opened, for opening it takes the processor nothing. */
function newestState({ chain, signal }: BackupRun): Promise<FollowState> | undefined {
  const newest = chain.at(-1);
  const state = newest && readFollowState(newest, signal);
  // Whoever asks for it is told; it may be that nobody comes to that.
  state?.catch(() => undefined);
  return state;
}

/** Returns why a full is needed instead; undefined when the chain went on. */
async function* followChain(
  setup: SourceSetup,
  run: BackupRun,
  slot: string | undefined,
  { session, state }: { session: PostgresSession; state: Promise<FollowState> | undefined },
): AsyncGenerator<PreparedBackup, string | undefined, undefined> {
  if (state === undefined) return 'there is no full backup yet';
  if (slot === undefined) return 'the newest full was taken without a slot to go on from';
  const { warnBytes } = setup.slot;
  await guardSlot(session.client, slot, { warnBytes, dropBytes: undefined }, run.log);
  try {
    const feed = changeFeed(setup, slot, run.signal);
    return yield* captureChanges(feed, run, { session, state: await state });
  } catch (error) {
    // The first error is the one that tells; a slot that cannot be read may still fill the disk.
    await guardChainSlot(setup, slot, run).catch(() => undefined);
    throw error;
  }
}

const manifestSource = z.looseObject({ slot: z.string().optional() });

/** Absent when the newest chain was taken without one. */
function slotOfChain(run: BackupRun): string | undefined {
  const newest = run.chain.at(-1);
  return newest && manifestSource.parse(newest.source).slot;
}

/** Where a chain's incrementals come from. */
export function changeFeed(setup: SourceSetup, slot: string, signal: AbortSignal): ChangeFeed {
  const names = jobPublications(setup.job);
  return {
    slot,
    publications: [names.all, names.keyed],
    maxWalBytes: defaultMaxWalBytes,
    alignTimeoutMs: defaultAlignTimeoutMs,
    connect: () => connect(setup.target, { signal }),
    connectReplication: () => connect(setup.target, { signal, replication: true }),
    dumpSchema: (snapshot, signal) => schemaBytes(setup, snapshot, signal),
    leavesOut: (table) => leavesOut(setup, table),
    backUpLargeObjects: (client, writer) => backUpLargeObjects({ client }, writer),
  };
}

async function* schemaBytes(
  setup: SourceSetup,
  snapshot: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  await using session = await connect(setup.target, { signal });
  const { majorVersion } = await readServerFacts(session.client);
  const { target, binaries, variables, excludeTables } = setup;
  const { sql } = await dumpSchema({
    target,
    binaries,
    variables,
    excludeTables,
    serverMajorVersion: majorVersion,
    snapshot,
    signal,
  });
  yield Buffer.from(sql);
}
