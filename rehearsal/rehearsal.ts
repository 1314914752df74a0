import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '../contracts/manifest.ts';
import { summariseCopy } from '../backup-agent/cli/commands/copy.ts';
import { summariseBackup } from '../backup-agent/cli/render/backups.ts';
import { formatBytes, formatCount, formatDuration } from '../backup-agent/cli/render/format.ts';
import type { Step } from '../backup-agent/cli/render/steps.ts';
import { createAgent } from '../backup-agent/composition.ts';
import { readEnvironment } from '../backup-agent/config/environment.ts';
import {
  startThrowawayServer,
  type ThrowawayServer,
} from '../backup-agent/drills/sandbox/throwaway-server.ts';
import type { Agent } from '../backup-agent/operations/agent.ts';
import { runBackup } from '../backup-agent/operations/backup.ts';
import { copyBackups, type CopyOutcome } from '../backup-agent/operations/copy.ts';
import { runDrill, type DrillOutcome } from '../backup-agent/operations/drill.ts';
import { prepareSource } from '../backup-agent/operations/prepare-source.ts';
import type { Progress } from '../backup-agent/sources/source.ts';
import { findDumpProgram } from '../backup-agent/sources/postgres/dump/dump-program.ts';
import { findServerBinaries } from '../backup-agent/tools/postgres-binaries.ts';
import { agentRole, writeInstallation } from './configuration.ts';
import { fillCrm, workOnCrm, type Crm } from './crm/crm.ts';
import { synthesizeStacks, type Synthesis } from './synthesize.ts';

const jobs = ['crm-database', 'crm-attachments'];

/** What a rehearsal did, for its summary. */
export interface Summary {
  readonly serverVersion: number;
  readonly rows: number;
  readonly rowsTouched: number;
  readonly synthesis: Synthesis;
  readonly fulls: readonly Manifest[];
  readonly incrementals: readonly Manifest[];
  readonly copies: readonly CopyOutcome[];
  readonly drill: DrillOutcome;
}

/** The main job, step by step. Disposing it stops the server; the directory is the caller's. */
export class Rehearsal implements AsyncDisposable {
  readonly #directory: string;
  readonly #signal: AbortSignal;
  readonly #resources = new AsyncDisposableStack();
  readonly #done: Partial<Mutable<Summary>> = {};
  #crm: Crm | undefined;
  #agent: Agent | undefined;

  constructor(directory: string, signal: AbortSignal) {
    this.#directory = directory;
    this.#signal = signal;
  }

  get steps(): readonly Step[] {
    return [
      { title: 'Start a private PostgreSQL', run: () => this.#startServer() },
      { title: 'Fill it with a CRM', run: () => this.#fill() },
      { title: 'Synthesize the stacks', run: () => this.#synthesize() },
      { title: 'Make keys and a configuration', run: () => this.#install() },
      { title: 'Prepare the database for the agent', run: () => this.#prepare() },
      { title: 'Full backup', run: (progress) => this.#backUp('full', progress) },
      { title: 'Work on the CRM', run: () => this.#work() },
      { title: 'Incremental backup', run: (progress) => this.#backUp('incremental', progress) },
      { title: 'Copy off-site', run: (progress) => this.#copy(progress) },
      { title: 'Drill from the off-site copy', run: (progress) => this.#drill(progress) },
    ];
  }

  /** Complete once every step has run. */
  get summary(): Summary {
    return this.#done as Summary; // every step fills its part
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }

  async #startServer(): Promise<string> {
    const searchPath = readEnvironment().variables['PATH'];
    const binaries = await findServerBinaries({ searchPath });
    // Better said now than after the CRM was made.
    await findDumpProgram({ searchPath }, binaries.majorVersion);
    const server: ThrowawayServer = await startThrowawayServer({
      binaries,
      settings: { wal_level: 'logical', max_slot_wal_keep_size: '4GB' },
      signal: this.#signal,
    });
    this.#resources.use(server);
    const folder = join(this.#directory, 'attachments');
    await mkdir(folder);
    this.#crm = { url: await server.createDatabase('crm'), folder };
    this.#done.serverVersion = server.majorVersion;
    return `version ${server.majorVersion}, on a socket of its own`;
  }

  async #fill(): Promise<string> {
    this.#done.rows = await fillCrm(this.#needCrm());
    return `${formatCount(this.#done.rows)} rows, and a file for each attachment`;
  }

  async #synthesize(): Promise<string> {
    const synthesis = await synthesizeStacks(join(this.#directory, 'cdktf.out'), this.#signal);
    this.#done.synthesis = synthesis;
    return `${synthesis.stacks.join(', ')}: ${synthesis.resources} resources`;
  }

  async #install(): Promise<string> {
    const now = () => new Date();
    const installation = await writeInstallation(this.#directory, this.#needCrm(), now);
    this.#agent = this.#resources.use(
      await createAgent({
        ...installation,
        environment: readEnvironment(),
        log: { debug() {}, info() {}, warn() {}, error() {} },
        signal: this.#signal,
        now,
      }),
    );
    return 'two recipients; the recovery identity is not in the configuration';
  }

  async #prepare(): Promise<string> {
    const { url } = this.#needCrm();
    const request = { job: 'crm-database', admin: url, apply: true };
    await prepareSource(this.#needAgent(), request);
    return `role ${agentRole} reads everything and writes nothing`;
  }

  async #backUp(kind: 'full' | 'incremental', progress: Progress): Promise<string> {
    const taken: Manifest[] = [];
    for (const job of jobs)
      taken.push(...(await runBackup(this.#needAgent(), { job, kind }, { progress })));
    this.#done[kind === 'full' ? 'fulls' : 'incrementals'] = taken;
    return taken.map(summariseBackup).join('; ');
  }

  async #work(): Promise<string> {
    this.#done.rowsTouched = await workOnCrm(this.#needCrm());
    return `${formatCount(this.#done.rowsTouched)} rows touched, with new attachments`;
  }

  async #copy(progress: Progress): Promise<string> {
    const outcomes: CopyOutcome[] = [];
    for (const job of jobs)
      outcomes.push(await copyBackups(this.#needAgent(), job, 'offsite', { progress }));
    this.#done.copies = outcomes;
    return outcomes.map(summariseCopy).join('; ');
  }

  async #drill(progress: Progress): Promise<string> {
    const selection = { job: 'crm-database', backup: 'latest', from: 'offsite' };
    const drill = await runDrill(this.#needAgent(), selection, { progress });
    this.#done.drill = drill;
    const { outcome, totals } = drill.evidence;
    const took = drill.evidence.objectives.find(({ name }) => name === 'rto')?.measuredMs ?? 0;
    return `${outcome}: ${formatCount(totals.rows)} rows and ${formatBytes(totals.fileBytes)} of files in ${formatDuration(took)}`;
  }

  #needCrm(): Crm {
    if (!this.#crm) throw new TypeError('the CRM is not there yet');
    return this.#crm;
  }

  #needAgent(): Agent {
    if (!this.#agent) throw new TypeError('the agent is not there yet');
    return this.#agent;
  }
}

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };
