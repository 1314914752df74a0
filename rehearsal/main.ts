import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createOutput, type Output } from '../backup-agent/cli/render/output.ts';
import { runSteps } from '../backup-agent/cli/render/steps.ts';
import { exitCodes } from '../backup-agent/errors/exit-codes.ts';
import { isHoldfastError } from '../backup-agent/errors/holdfast-error.ts';
import { Rehearsal } from './rehearsal.ts';
import { renderSummary } from './summary.ts';

const usage = `Usage: npm run rehearsal [-- --keep] [-- --json]

Backs up a made-up CRM, copies it off-site, and restores the copy in a drill.

  --keep   leave databases' files, repositories and evidence for a look, and say where
  --json   print the summary as JSON
  --help   this text`;

const { values } = parseArgs({
  options: { keep: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean' } },
});

const stop = new AbortController();
for (const [signal, code] of [
  ['SIGINT', exitCodes.interrupted],
  ['SIGTERM', exitCodes.terminated],
] as const)
  // Not `once`: with no listener left, libraries that watch signals would end the process at once.
  process.on(signal, () => {
    process.exitCode = code;
    stop.abort(new Error(`stopped by ${signal}`));
  });

const output = createOutput({
  json: values.json ?? false,
  quiet: false,
  plain: Boolean(process.env['NO_COLOR']),
  stdout: process.stdout,
  stderr: process.stderr,
});

if (values.help) process.stdout.write(`${usage}\n`);
else process.exitCode = (await rehearse(output, values.keep ?? false)) || process.exitCode;

async function rehearse(output: Output, keep: boolean): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-rehearsal-'));
  try {
    await using rehearsal = new Rehearsal(directory, stop.signal);
    await runSteps(rehearsal.steps, output);
    const { summary } = rehearsal;
    output.result(summary, renderSummary(summary, output));
    return summary.drill.evidence.outcome === 'passed' ? exitCodes.ok : exitCodes.drillFailed;
  } catch (error) {
    if (stop.signal.aborted) return Number(process.exitCode);
    output.failure(error);
    return isHoldfastError(error) ? error.exitCode : exitCodes.bug;
  } finally {
    if (keep) output.info(`everything is left in ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
}
