import { createAgent } from '../composition.ts';
import type { Agent } from '../operations/agent.ts';
import type { Log } from '../sources/source.ts';
import type { CommandContext } from './command.ts';
import { createTextLog } from './render/text-log.ts';

/** Gives a command the agent of its configuration, and closes it afterwards. */
export async function withAgent<Result>(
  context: CommandContext,
  use: (agent: Agent) => Promise<Result>,
  options: { readonly identityFile?: string; readonly log?: Log } = {},
): Promise<Result> {
  await using agent = await createAgent({
    configFile: context.configFile,
    environment: context.environment,
    log: options.log ?? createTextLog(context.output),
    signal: context.signal,
    now: context.now,
    ...(context.askPassphrase ? { askPassphrase: context.askPassphrase } : {}),
    ...(options.identityFile === undefined ? {} : { identityFile: options.identityFile }),
  });
  // Read now, before anything is drawn: a protected file asks for its passphrase.
  if (options.identityFile !== undefined) await agent.recoveryIdentities();
  return await use(agent);
}
