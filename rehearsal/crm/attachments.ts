import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface Attachment {
  readonly id: number;
  readonly dealId: number;
  /** Relative to the attachments folder, `/`-separated. */
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

const endings = ['合同.txt', 'offer.html', 'scan.bin', 'minutes & notes.md'];

/** Writes attachments number `first` to `last` below `folder`; the same number gives the same file. */
export async function writeAttachments(
  folder: string,
  first: number,
  last: number,
): Promise<Attachment[]> {
  const attachments: Attachment[] = [];
  for (let id = first; id <= last; id += 1) {
    const path = `deals/${String(id % 40).padStart(2, '0')}/${id}-${endings[id % endings.length]}`;
    const content = contentOf(id);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
    attachments.push({
      id,
      dealId: 1 + (id % 20_000),
      path,
      sha256: createHash('sha256').update(content).digest('hex'),
      sizeBytes: content.length,
    });
  }
  return attachments;
}

/** Text for most, incompressible bytes (as scans and archives are) for every fourth, 1 to 150 KiB. */
function contentOf(id: number): Buffer {
  const lines = 10 + ((id * 131) % 1_000);
  if (id % 4 === 2) return randomLooking(id, lines * 150);
  const line = (number: number) =>
    `${id}.${number} 本合同由双方签署 The parties agree as follows.\n`;
  return Buffer.from(Array.from({ length: lines }, (_, number) => line(number)).join(''));
}

/** The key stream of ChaCha20, so that the same seed gives the same bytes. */
function randomLooking(seed: number, sizeBytes: number): Buffer {
  const key = createHash('sha256').update(String(seed)).digest();
  return createCipheriv('chacha20', key, Buffer.alloc(16)).update(Buffer.alloc(sizeBytes));
}
