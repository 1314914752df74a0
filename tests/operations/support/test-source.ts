import { text } from 'node:stream/consumers';
import type { BackupRun, Source } from '../../../backup-agent/sources/source.ts';

export interface TestSourceOptions {
  readonly objects?: number;
  readonly objectBytes?: number;
  readonly items?: number;
  readonly problems?: number;
  /** Called before each object is written, to hold a writer still. */
  readonly pause?: () => Promise<void>;
}

/**
 * A source without a database: each backup has a few objects, and meta that counts the backups of its
 * chain, so that a test sees whether a backup read the one before it.
 */
export function createTestSource(options: TestSourceOptions = {}): Source {
  const { objects = 2, objectBytes = 20_000, items = 10, problems = 0, pause } = options;
  return {
    kind: 'files',
    async preflight() {
      return { findings: [] };
    },
    async *backup(run) {
      const kind = run.chain.length === 0 ? 'full' : run.requested;
      const link = kind === 'full' ? 0 : (await linkOf(run)) + 1;
      const writer = await run.begin(kind);
      for (let index = 0; index < objects; index++) {
        await pause?.();
        await writer.writeObject(`segment-${index}.tar`, [Buffer.alloc(objectBytes, link + index)]);
      }
      await writer.writeMeta('link.json', [Buffer.from(JSON.stringify({ link }))]);
      yield {
        writer,
        kind,
        point: { time: run.now().toISOString() },
        problems: Array.from({ length: problems }, () => ({ where: 'a', what: 'unreadable' })),
        source: { link },
        items,
      };
    },
  };
}

async function linkOf(run: BackupRun): Promise<number> {
  const last = run.chain.at(-1);
  if (!last) return -1;
  const { link } = JSON.parse(await text(await last.readMeta('link.json', run.signal)));
  return Number(link);
}
