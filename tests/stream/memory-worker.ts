/**
 * `memory-worker.ts <MiB>` sends that much through the whole way and back, and prints how much
 * memory the process took beyond what it had at rest. A process of its own, for nothing else may
 * take memory beside it.
 */
import { randomBytes } from 'node:crypto';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { compress } from '../../backup-agent/stream/compress.ts';
import { decompress } from '../../backup-agent/stream/decompress.ts';
import { decrypt } from '../../backup-agent/stream/decrypt.ts';
import { digest } from '../../backup-agent/stream/digest.ts';
import { releasing } from '../../backup-agent/stream/donated.ts';
import { encrypt } from '../../backup-agent/stream/encrypt.ts';
import { tuneGarbageCollection } from '../../backup-agent/stream/garbage-collection.ts';
import { through } from '../../backup-agent/stream/transform.ts';

tuneGarbageCollection();
const key = await generateIdentity();
const sizeBytes = Number(process.argv[2]) * 1024 * 1024;
// Half text, half noise, so that neither the plain nor the sealed side is small.
const sample = Buffer.from(randomBytes(2 * 1024 * 1024).toString('hex'), 'latin1');

/** Fresh buffers of an odd size, as a source would make them. */
async function* source(): AsyncGenerator<Uint8Array, void> {
  const pieceBytes = 65_521;
  for (let sent = 0; sent < sizeBytes; sent += pieceBytes) {
    const start = sent % (sample.length - pieceBytes);
    yield Uint8Array.from(sample.subarray(start, start + Math.min(pieceBytes, sizeBytes - sent)));
  }
}

const peakBytes = () => process.resourceUsage().maxRSS * 1024;
const atRestBytes = peakBytes();
const way = [
  compress(),
  encrypt([key.recipient]),
  digest().transform,
  decrypt([key.identity]),
  decompress(),
];
let received = 0;
// As a storage does, which gives memory back as soon as it has written it.
for await (const chunk of releasing(through(source(), way))) received += chunk.length;
process.stdout.write(JSON.stringify({ received, grownBytes: peakBytes() - atRestBytes }));
