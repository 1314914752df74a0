import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { blockBytes } from '../../../backup-agent/stream/coalesce.ts';
import { ArchiveBlocks } from '../../../backup-agent/sources/files/archive-blocks.ts';
import { takeDonated } from '../../../backup-agent/stream/donated.ts';

test('what is put comes out in full blocks, which the receiver may take, and a rest', () => {
  const blocks = new ArchiveBlocks();
  const put: Buffer[] = [];
  const out: Buffer[] = [];
  for (const size of [1, blockBytes - 1, 0, 700_000, 2 * blockBytes, 12, 512 * 1024, blockBytes]) {
    const bytes = randomBytes(size);
    put.push(bytes);
    blocks.put(bytes);
    assert.equal(blocks.position, Buffer.concat(put).length);
    assert.equal(blocks.isFull, blocks.position - Buffer.concat(out).length >= blockBytes);
    for (const block of blocks.full()) {
      assert.equal(block.length, blockBytes);
      assert.ok(takeDonated(block));
      out.push(block);
    }
  }
  out.push(...blocks.rest());
  assert.ok(Buffer.concat(out).equals(Buffer.concat(put)));
  assert.deepEqual([...blocks.rest()], []);
});

test('what is taken is filled in place, up to the end of its block', () => {
  const blocks = new ArchiveBlocks();
  blocks.put(Buffer.alloc(blockBytes - 10, 1));
  const room = blocks.take(100);
  assert.equal(room.length, 10);
  room.fill(2);
  assert.equal(blocks.take(100).fill(3).length, 100);
  const [block, rest] = [...blocks.full(), ...blocks.rest()];
  assert.deepEqual(
    block?.subarray(-12),
    Buffer.from([1, 1, ...Array.from({ length: 10 }, () => 2)]),
  );
  assert.deepEqual(rest, Buffer.alloc(100, 3));
});
