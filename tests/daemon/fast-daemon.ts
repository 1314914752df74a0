import { createAgent } from '../../backup-agent/composition.ts';
import { readEnvironment } from '../../backup-agent/config/environment.ts';
import { loadConfiguration } from '../../backup-agent/config/load-configuration.ts';
import { resolveSecret } from '../../backup-agent/config/resolve-secret.ts';
import { runDaemon } from '../../backup-agent/daemon/daemon.ts';
import { createJsonLog } from '../../backup-agent/cli/render/json-log.ts';

/**
 * The daemon as the command line runs it, by a clock that runs faster: a schedule of every minute is
 * one of every five seconds at speed 12. It is right at `epoch` and has been slow before.
 */
const [configFile = '', epochText = '', speed = '1'] = process.argv.slice(2);
const epoch = Date.parse(epochText);
const now = () => new Date(epoch + (Date.now() - epoch) * Number(speed));
const environment = readEnvironment();
const log = createJsonLog(process.stderr);
const stop = new AbortController();
process.on('SIGTERM', () => stop.abort(new Error('stopped by SIGTERM')));

await runDaemon({
  load: () => loadConfiguration(configFile, environment),
  openAgent: (loaded, signal, watch) =>
    createAgent({ configFile, environment, signal, now, ...watch }, loaded),
  stop: stop.signal,
  onHangup: () => undefined,
  now,
  log,
  secret: async (reference, baseDirectory) =>
    (await resolveSecret(reference, { environment, baseDirectory })).reveal(),
});
