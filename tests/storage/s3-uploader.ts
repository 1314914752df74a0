import { openS3Storage } from '../../backup-agent/storage/s3.ts';

/** Uploads zeros of unannounced size and prints the greatest resident memory, in bytes. */
const [endpoint = '', sizeBytes = '', partBytes = '', partsAtOnce = ''] = process.argv.slice(2);

const storage = openS3Storage({
  bucket: 'plain',
  endpoint,
  pathStyle: true,
  credentials: { accessKeyId: 'TESTFULL', secretAccessKey: 'test-secret-full' },
  partBytes: Number(partBytes),
  partsAtOnce: Number(partsAtOnce),
});
await storage.put('object', zeros(Number(sizeBytes)));
await storage.close();
process.stdout.write(`${process.resourceUsage().maxRSS * 1024}\n`);

async function* zeros(sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let left = sizeBytes; left > 0; left -= 65_536) yield Buffer.alloc(Math.min(65_536, left));
}
