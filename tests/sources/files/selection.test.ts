import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from '../../../backup-agent/sources/files/entry.ts';
import { Selection } from '../../../backup-agent/sources/files/restore/selection.ts';

const entry = (path: string, type: Entry['type']): Entry => ({
  path: Buffer.from(path),
  type,
  mode: 0o644,
  uid: 0,
  gid: 0,
  sizeBytes: 0,
  mtimeNs: 0n,
  ctimeNs: 0n,
  inode: 0n,
  ...(type === 'file' ? { digest: 'none' } : {}),
});
const tree = [
  entry('', 'directory'),
  entry('bad', 'directory'),
  entry('bad/file', 'file'),
  entry('good', 'directory'),
  entry('good/file', 'file'),
];

for (const [mostKept, passesRead] of [
  [1, 4],
  [2, 3],
  [3, 2],
  [4, 1],
] as const)
  test(`where ${mostKept} entries may be kept, each pass shows the same`, async () => {
    let reads = 0;
    const selection = new Selection({
      read: async function* () {
        reads += 1;
        yield* tree;
      },
      foldCase: false,
      reserved: Buffer.from('.work'),
      mostKept,
    });
    const refused: string[] = [];
    const first: string[] = [];
    for await (const { path } of selection.entries(({ where }) => refused.push(where))) {
      first.push(path.toString());
      if (path.toString() === 'bad') selection.bar(path);
    }
    assert.deepEqual(first, ['', 'bad', 'good', 'good/file']);
    assert.deepEqual(refused, ['bad/file']);
    for (let pass = 2; pass <= 3; pass++) {
      const later = await Array.fromAsync(selection.entries(), ({ path }) => path.toString());
      assert.deepEqual(later, ['', 'good', 'good/file']);
    }
    const besideFiles = await Array.fromAsync(selection.besideFiles(), ({ path }) =>
      path.toString(),
    );
    assert.deepEqual(besideFiles, ['', 'good']);
    assert.equal(reads, passesRead);
  });
