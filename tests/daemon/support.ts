import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parse, stringify } from 'yaml';

const main = join(import.meta.dirname, '..', '..', 'backup-agent', 'main.ts');

interface Event {
  readonly level: string;
  readonly message: string;
  readonly job?: string;
  readonly kind?: string;
  readonly ending?: string;
  readonly result?: { readonly outcome: string; readonly summary: string };
  readonly url?: string;
}

/** A daemon in its own process, followed by the events that it logs. */
export function startDaemon(configFile: string) {
  return followDaemon([main, '--config', configFile, 'daemon']);
}

const fastMain = join(import.meta.dirname, 'fast-daemon.ts');

/** The same, whose minutes last `60 / speed` seconds since `epoch`. */
export function startFastDaemon(
  configFile: string,
  epoch: Date,
  speed: number,
  env: Readonly<Record<string, string>> = {},
) {
  return followDaemon([fastMain, configFile, epoch.toISOString(), String(speed)], env);
}

function followDaemon(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  const events: Event[] = [];
  const watchers = new Set<() => void>();
  const lines = createInterface({ input: child.stderr });
  lines.on('line', (line) => {
    events.push(JSON.parse(line));
    for (const watch of watchers) watch();
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    for (const watch of watchers) watch();
    return { code: code as number | null, signal: signal as string | null };
  });
  return {
    pid: child.pid,
    events,
    ended,
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    /** The first event of that kind from number `from` on; fails when the daemon ends before. */
    async seen(wanted: (event: Event) => boolean, from = 0): Promise<Event> {
      for (;;) {
        const found = events.slice(from).find(wanted);
        if (found) return found;
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the daemon ended first: ${JSON.stringify(events)}`);
        await new Promise<void>((resolve) => {
          const watch = () => {
            watchers.delete(watch);
            resolve();
          };
          watchers.add(watch);
        });
      }
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Changes the configuration file in place. */
export async function editConfiguration(
  configFile: string,
  // oxlint-disable-next-line typescript/no-explicit-any -- any part of a file that is parsed again
  edit: (configuration: any) => void,
): Promise<void> {
  const configuration: unknown = parse(await readFile(configFile, 'utf8'));
  edit(configuration);
  await writeFile(configFile, stringify(configuration, { lineWidth: 0 }));
}

/** As if the daemon had stopped long ago: every task named was last served then. */
export async function forgetSince(directory: string, tasks: readonly string[]): Promise<void> {
  const state = join(directory, '.holdfast-state');
  await mkdir(state, { recursive: true });
  const longAgo = '2026-01-01T00:00:00.000Z';
  const entries = Object.fromEntries(tasks.map((task) => [task, longAgo]));
  await writeFile(join(state, 'runs.json'), JSON.stringify(entries));
}
