import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { BackupReader } from '../../../backup-agent/sources/source.ts';
import { restoreFiles } from '../../../backup-agent/sources/files/restore/restore-files.ts';
import { createFilesSource } from '../../../backup-agent/sources/files/source.ts';
import { silentProgress, takeBackups } from '../../support/in-memory-backup.ts';
import { rounds } from '../../support/scale.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { apply, edit } from './edits.ts';
import { assertSameTree, describeTree, type Described } from './tree.ts';

const signal = new AbortController().signal;
const edits = fc.array(edit, { minLength: 3, maxLength: 25 });
const rest = fc.array(
  fc.tuple(fc.constantFrom('incremental' as const, 'differential' as const), edits),
  { maxLength: 4 },
);

test('after any edits, full and incrementals restore at every point to what the tree was', async () => {
  await fc.assert(
    fc.asyncProperty(edits, rest, fc.constantFrom(1, 4000, 1 << 20), async (first, later, size) => {
      await using directory = await temporaryDirectory();
      const source = join(directory.path, 'source');
      mkdirSync(source);
      const files = createFilesSource({
        path: source,
        segmentBytes: size,
        // Some files are larger than a segment, and come in parts.
        smallestPartBytes: 700,
        allowEmpty: true,
      });
      const chain: BackupReader[] = [];
      const points: Described[] = [];
      for (const [kind, changes] of [['full', first] as const, ...later]) {
        for (const change of changes) apply(source, change);
        const [taken] = await takeBackups(files, kind, { chain });
        assert.ok(taken);
        assert.deepEqual(taken.problems, []);
        chain.push(taken.reader);
        points.push(describeTree(source));
      }
      for (const [number, point] of points.entries()) {
        const target = join(directory.path, `restored-${number}`);
        const report = await restoreFiles({
          chain: chain.slice(0, number + 1),
          target,
          signal,
          progress: silentProgress,
        });
        assert.deepEqual(report.refused, []);
        assertSameTree(target, point);
      }
    }),
    { numRuns: rounds(20, 1000) },
  );
});
