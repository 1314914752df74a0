import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changes } from '../../../backup-agent/sources/files/changes.ts';
import type { Entry } from '../../../backup-agent/sources/files/entry.ts';
import { UnknownPaths } from '../../../backup-agent/sources/files/unknown-paths.ts';

function entry(path: string): Entry {
  const numbers = { mode: 0o644, uid: 0, gid: 0, sizeBytes: 0 };
  const times = { mtimeNs: 1n, ctimeNs: 1n, inode: 1n };
  return { path: Buffer.from(path), type: 'file', ...numbers, ...times };
}

async function* entries(paths: readonly string[]): AsyncGenerator<Entry> {
  for (const path of paths) yield entry(path);
}

test('what could not be looked at is not taken for deleted, and what is gone is', async () => {
  const unknown = new UnknownPaths();
  async function* walk(): AsyncGenerator<Entry> {
    yield entry('a');
    // Two in a row, then more of the tree.
    for (const path of ['b', 'c']) unknown.add(Buffer.from(path));
    yield entry('e');
    unknown.add(Buffer.from('f/g'));
    yield entry('z');
  }
  const before = ['a', 'a0', 'b', 'b/x', 'b/y', 'bb', 'c', 'd', 'e', 'f', 'f/g', 'f/g/h', 'f/i'];
  const found: Record<string, string> = {};
  const previous = entries(before);
  for await (const change of changes({ walk: walk(), previous, unknown, verifyContent: false })) {
    const { path } = change.kind === 'removed' ? change.removal : change.entry;
    found[path.toString()] = change.kind;
  }
  const kept = Object.keys(found).filter((path) => found[path] === 'unchanged');
  const removed = Object.keys(found).filter((path) => found[path] === 'removed');
  assert.deepEqual(kept, ['a', 'b', 'b/x', 'b/y', 'c', 'e', 'f/g', 'f/g/h']);
  assert.deepEqual(removed, ['a0', 'bb', 'd', 'f', 'f/i']);
  assert.equal(found['z'], 'store');
});
