import { loadConfiguration } from '../../config/load-configuration.ts';
import { resolveSecret } from '../../config/resolve-secret.ts';
import { createChannels } from '../../daemon/notify/channels.ts';
import type { Channel } from '../../daemon/notify/message.ts';
import { exitCodes } from '../../errors/exit-codes.ts';
import type { CommandModule } from '../command.ts';

export const notifyCommand: CommandModule = {
  define(program, run) {
    const notify = program.command('notify').description('try the channels of notifications');
    notify
      .command('test')
      .description('send a test message through every channel, and say which arrived')
      .addHelpText(
        'after',
        `
Ends with ${exitCodes.attention} when a channel is dead.

Example:
  holdfast notify test`,
      )
      .action(() =>
        run(async ({ configFile, environment, now, output }) => {
          const { value, directory } = await loadConfiguration(configFile, environment);
          const channels = createChannels(value.notifications ?? { channels: {} }, {
            now,
            secret: async (reference) =>
              (await resolveSecret(reference, { environment, baseDirectory: directory })).reveal(),
          });
          const results = await Promise.all(channels.map((channel) => tryChannel(channel, now())));
          const lines = results.map(({ channel, failure }) => `${channel}: ${failure ?? 'sent'}`);
          output.result(results, lines.join('\n') || 'no channel is configured');
          return results.some(({ failure }) => failure) ? exitCodes.attention : exitCodes.ok;
        }),
      );
  },
};

async function tryChannel(channel: Channel, at: Date) {
  try {
    await channel.send({ state: 'test', severity: 'warning', text: 'this channel works', at });
    return { channel: channel.name };
  } catch (error) {
    return {
      channel: channel.name,
      failure: error instanceof Error ? error.message : String(error),
    };
  }
}
