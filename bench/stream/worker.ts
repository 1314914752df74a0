/**
 * One measured pass in a process of its own, so that its peak memory is its own too:
 * `worker.ts <way> <file> <key>` reads a file, sends it one way, drops the result and prints figures.
 */
import { readFile } from '../../backup-agent/storage/local/read.ts';
import { compress } from '../../backup-agent/stream/compress.ts';
import { decompress } from '../../backup-agent/stream/decompress.ts';
import { decrypt } from '../../backup-agent/stream/decrypt.ts';
import { releasing } from '../../backup-agent/stream/donated.ts';
import { encrypt } from '../../backup-agent/stream/encrypt.ts';
import { tuneGarbageCollection } from '../../backup-agent/stream/garbage-collection.ts';
import { through, type Transform } from '../../backup-agent/stream/transform.ts';
import { sizeOf } from './crm-text.ts';

const ways: Record<string, (key: string) => Transform[]> = {
  encrypt: (key) => [encrypt([key])],
  decrypt: (key) => [decrypt([key])],
  store: (key) => [compress({ content: 'rows' }), encrypt([key])],
  load: (key) => [decrypt([key]), decompress()],
};

tuneGarbageCollection();
const [way = '', file = '', key = ''] = process.argv.slice(2);
const transforms = ways[way]?.(key);
if (transforms === undefined) throw new Error(`no such way: ${way}`);

const before = process.resourceUsage();
const cpuBefore = (before.userCPUTime + before.systemCPUTime) / 1e6;
const atRestBytes = before.maxRSS * 1024;
const started = process.hrtime.bigint();
// What follows a stream, a storage for one, gives memory back as soon as it has written it.
const outBytes = await sizeOf(releasing(through(readFile(file, {}), transforms)));
const seconds = Number(process.hrtime.bigint() - started) / 1e9;
const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
const peakBytes = maxRSS * 1024;
const cpuSeconds = (userCPUTime + systemCPUTime) / 1e6 - cpuBefore;
process.stdout.write(
  `${JSON.stringify({ seconds, outBytes, peakBytes, atRestBytes, cpuSeconds })}\n`,
);
