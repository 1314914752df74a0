import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Buffer } from 'node:buffer';
import { attributeReader } from '../../../backup-agent/sources/files/attributes/attribute.ts';
import { loadSystemCalls } from '../../../backup-agent/sources/files/attributes/system-calls.ts';

const system = await loadSystemCalls();

export interface Described {
  /** One line for each entry, its time apart. */
  readonly lines: string[];
  readonly timesNs: bigint[];
}

/** What a restored tree must have in common with its source. */
export function describeTree(root: string): Described {
  const lines: string[] = [];
  const timesNs: bigint[] = [];
  /** Of files with several names: other names may lie outside the tree, and do not count. */
  const firstNames = new Map<bigint, { readonly line: number; readonly shown: string }>();
  const attributesOf = system && attributeReader(system, ({ what }) => assert.fail(what));
  const visit = (path: Buffer, shown: string) => {
    const stats = lstatSync(path, { bigint: true });
    const about = [shown, stats.mode.toString(8), stats.uid, stats.gid];
    if (stats.isFile()) {
      const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
      about.push(stats.size, digest);
      const first = firstNames.get(stats.ino);
      if (first) {
        about.push(`same as ${first.shown}`);
        lines[first.line] += ' and others';
      }
      // An entry of a tree that is being read is never two files in turn: inodes are not reused.
      firstNames.set(stats.ino, first ?? { line: lines.length, shown });
    }
    if (stats.isSymbolicLink()) about.push(readlinkSync(path, { encoding: 'latin1' }));
    for (const { name, value } of attributesOf?.(path, path) ?? [])
      about.push(`${name.toString('latin1')}=${value.toString('hex')}`);
    lines.push(about.join(' '));
    timesNs.push(stats.mtimeNs);
    if (!stats.isDirectory()) return;
    const names = readdirSync(path, { encoding: 'buffer' });
    for (const name of names.sort((left, right) => Buffer.compare(left, right)))
      visit(Buffer.concat([path, Buffer.from('/'), name]), `${shown}/${name.toString('latin1')}`);
  };
  visit(Buffer.from(root), '.');
  return { lines, timesNs };
}

/** Without the system's own calls, Node sets times to a quarter of a microsecond. */
const exactnessNs = system ? 0n : 250n;

export function assertSameTree(actual: string | Described, expected: string | Described): void {
  const [left, right] = [actual, expected].map((tree) =>
    typeof tree === 'string' ? describeTree(tree) : tree,
  );
  assert.deepEqual(left?.lines, right?.lines);
  const apart = (left?.timesNs ?? []).map((time, i) => time - (right?.timesNs[i] ?? 0n));
  assert.deepEqual(
    apart.filter((ns) => ns > exactnessNs || ns < -exactnessNs),
    [],
  );
}
