import { createAgent } from '../../../backup-agent/composition.ts';
import { readEnvironment } from '../../../backup-agent/config/environment.ts';
import { runDrill } from '../../../backup-agent/operations/drill.ts';

/** A drill in a process of its own, which kills itself at a named point or as a step begins. */
export interface ChildTask {
  readonly configFile: string;
  readonly identityFile: string;
  readonly killAt: string;
}

const task: ChildTask = JSON.parse(process.argv[2] ?? '');
const quiet = () => undefined;
const passed: string[] = [];
const pass = (name: string): void => {
  passed.push(name);
  if (name === task.killAt) process.kill(process.pid, 'SIGKILL');
};
await using agent = await createAgent({
  configFile: task.configFile,
  identityFile: task.identityFile,
  environment: readEnvironment(),
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  signal: new AbortController().signal,
  now: () => new Date(),
});
await runDrill(
  agent,
  { job: 'crm-database', backup: 'latest' },
  {
    progress: { step: pass, advance: quiet, note: quiet },
    reached: async (point) => pass(point),
  },
);
process.stdout.write(JSON.stringify(passed));
