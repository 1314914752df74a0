import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createPrivateDirectory,
  removeAbandonedDirectories,
} from '../drills/sandbox/private-directory.ts';
import { exitCodes } from '../errors/exit-codes.ts';
import { isHoldfastError } from '../errors/holdfast-error.ts';
import type { Agent, Run } from './agent.ts';
import { chooseBackup, type DrillRequest } from './drill-choice.ts';
import type { DrillAgent } from './drill-rehearsal.ts';
import { drillConfiguration, rehearse, selectAttachments } from './drill.ts';
import type { SelectedBackup } from './select-backup.ts';
import { breaks } from './self-test-breaks.ts';
import {
  copyChains,
  ScratchRepository,
  throwawayKeys,
  type ScratchOptions,
} from './self-test-copy.ts';

export interface BreakResult {
  /** `nothing` is the control: a copy that nobody broke, which must pass. */
  readonly broken: string;
  /** `skipped`: this backup has nothing that can be broken so. */
  readonly outcome: 'caught' | 'missed' | 'skipped' | 'passed' | 'failed';
  /** The assertions or the error that told, by name; no name of a table or path. */
  readonly by: readonly string[];
}

export interface SelfTestOutcome {
  readonly job: string;
  readonly backup: string;
  readonly results: readonly BreakResult[];
  /** Every break was caught, and the copy as it was passed. */
  readonly trustworthy: boolean;
}

/** All breaks are tried, unless `breaks` names some. */
export type SelfTestRequest = Omit<DrillRequest, 'at'> & { readonly breaks?: readonly string[] };

/**
 * Tries whether the drill can be trusted: copies the chain (and that of the attachments) aside,
 * breaks the copy in every way of the list, and drills it. The repositories themselves are only
 * read; nothing is recorded. The copies are signed again by keys that are thrown away.
 */
export async function selfTest(
  agent: Agent,
  request: SelfTestRequest,
  run: Run,
): Promise<SelfTestOutcome> {
  const configuration = drillConfiguration(agent, request.job);
  const { sandbox } = configuration;
  const root = (sandbox.type === 'local' ? sandbox.directory : undefined) ?? tmpdir();
  await removeAbandonedDirectories(root);
  await using place = await createPrivateDirectory(root);
  const selected = await chooseBackup(agent, request);
  const attachments = await selectAttachments(agent, configuration, selected);
  const chains = [selected, ...(attachments ? [attachments] : [])];
  run.progress.step('copy the chain aside');
  const copied = join(place.path, 'copied');
  await mkdir(copied);
  await copyChains(chains, copied, agent.signal);
  const common = {
    copied,
    chains,
    keys: await throwawayKeys(),
    identities: await agent.recoveryIdentities(),
    agent,
  };
  const results: BreakResult[] = [];
  for (const name of ['nothing', ...(request.breaks ?? Object.keys(breaks))]) {
    const directory = join(place.path, String(results.length));
    await mkdir(directory);
    run.progress.step(`drill with ${name}`);
    results.push(await tryBreak(agent, name, selected, attachments, { ...common, directory }, run));
  }
  return {
    job: request.job,
    backup: selected.record.manifest.id,
    results,
    trustworthy: results.every(({ outcome }) => outcome !== 'missed' && outcome !== 'failed'),
  };
}

async function tryBreak(
  agent: Agent,
  name: string,
  selected: SelectedBackup,
  attachments: SelectedBackup | undefined,
  options: ScratchOptions,
  run: Run,
): Promise<BreakResult> {
  const scratch = await ScratchRepository.create(options);
  const { job, id } = selected.record.manifest;
  const attachmentsJob = attachments?.record.manifest.job;
  const breaking = Object.entries(breaks).find(([known]) => known === name)?.[1];
  const applies = await breaking?.({ scratch, job, attachmentsJob, signal: agent.signal });
  if (applies === false) return { broken: name, outcome: 'skipped', by: [] };
  await scratch.seal();
  const by = await whatTells(scratchAgent(agent, scratch, options), { job, backup: id }, run);
  const told = by.length > 0;
  if (!breaking) return { broken: name, outcome: told ? 'failed' : 'passed', by };
  return { broken: name, outcome: told ? 'caught' : 'missed', by };
}

/** The assertions that fail, or the error that stops the drill; objectives do not count. */
async function whatTells(agent: DrillAgent, request: DrillRequest, run: Run): Promise<string[]> {
  try {
    const { reports } = await rehearse(agent, request, run);
    return reports.flatMap(({ assertion }) =>
      assertion.outcome === 'failed' ? [assertion.name] : [],
    );
  } catch (error) {
    const tells =
      isHoldfastError(error) &&
      (error.exitCode === exitCodes.integrity || error.code === 'backup-unknown');
    if (!tells) throw error;
    return [error.code];
  }
}

/** The same agent, but for a repository that holds nothing but the scratch copy. */
function scratchAgent(
  agent: Agent,
  scratch: ScratchRepository,
  { keys, identities }: ScratchOptions,
): DrillAgent {
  return {
    signal: agent.signal,
    now: agent.now,
    by: agent.by,
    log: agent.log,
    randomBytes: agent.randomBytes,
    job: (name) => ({ ...agent.job(name), repository: scratch.repository.name, copies: [] }),
    openSandbox: (configuration, version) => agent.openSandbox(configuration, version),
    masking: (profile) => agent.masking(profile),
    seenCommits: scratch.seenCommits,
    openRepository: async () => scratch.repository,
    recoveryIdentities: async () => [...identities, keys.identity.identity],
  };
}
