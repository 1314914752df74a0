import { createAgent } from '../../composition.ts';
import { loadConfiguration } from '../../config/load-configuration.ts';
import { resolveSecret } from '../../config/resolve-secret.ts';
import { assertSchedulesHold } from '../../operations/schedules.ts';
import type { CommandModule } from '../command.ts';
import { addLogFormat, createLog, type LogFormat } from '../render/log-format.ts';

export const daemonCommand: CommandModule = {
  define(program, run) {
    const command = program
      .command('daemon')
      .description('run every job when its schedule says so, and catch up after a stop')
      .addHelpText(
        'after',
        `
SIGHUP takes a changed configuration, if it is valid. SIGTERM starts nothing new and gives what is at
work the grace period of the configuration; a second one ends at once.

Example:
  holdfast --config /etc/holdfast/holdfast.yaml daemon`,
      )
      .action((options: { logFormat: LogFormat }) =>
        run(async ({ configFile, environment, now, onHangup, output, signal }) => {
          const log = createLog(options.logFormat, output);
          const { runDaemon } = await import('../../daemon/daemon.ts');
          await runDaemon({
            load: async () => {
              const loaded = await loadConfiguration(configFile, environment);
              assertSchedulesHold(loaded.value, loaded.file, now());
              return loaded;
            },
            openAgent: (loaded, work, watch) =>
              createAgent({ configFile, environment, signal: work, now, ...watch }, loaded),
            stop: signal,
            onHangup,
            now,
            log,
            secret: async (reference, baseDirectory) =>
              (await resolveSecret(reference, { environment, baseDirectory })).reveal(),
          });
        }),
      );
    addLogFormat(command, 'json');
  },
};
