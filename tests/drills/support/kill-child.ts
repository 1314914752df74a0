import { createAgent } from '../../../backup-agent/composition.ts';
import { readEnvironment } from '../../../backup-agent/config/environment.ts';
import { runDrill } from '../../../backup-agent/operations/drill.ts';
import { runRestore } from '../../../backup-agent/operations/restore.ts';
import { selfTest } from '../../../backup-agent/operations/self-test.ts';

/**
 * A drill, its self-test, or a masked restore in a process of its own, which kills itself at a named
 * point, as a step begins, or (`<step>, under way`) when the step has got somewhere.
 */
export interface ChildTask {
  readonly operation: 'drill' | 'self-test' | { readonly restoreTo: string };
  readonly configFile: string;
  readonly identityFile: string;
  readonly killAt: string;
}

const task: ChildTask = JSON.parse(process.argv[2] ?? '');
const { operation, configFile, identityFile, killAt } = task;
const quiet = () => undefined;
const passed = new Set<string>();
let step = '';
const pass = (name: string): void => {
  passed.add(name);
  if (name === killAt) process.kill(process.pid, 'SIGKILL');
};
const progress = {
  step: (title: string) => pass((step = title)),
  advance: () => pass(`${step}, under way`),
  note: quiet,
};
await using agent = await createAgent({
  configFile,
  identityFile,
  environment: readEnvironment(),
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  signal: new AbortController().signal,
  now: () => new Date(),
});
const request = { job: 'crm-database', backup: 'latest' };
if (operation === 'self-test') await selfTest(agent, request, { progress });
else if (operation === 'drill')
  await runDrill(agent, request, { progress, reached: async (point) => pass(point) });
else {
  const rights = { noOwner: true, noPrivileges: true };
  const to = operation.restoreTo;
  await runRestore(agent, { ...request, ...rights, to, mask: 'staging' }, { progress });
}
process.stdout.write(JSON.stringify([...passed]));
