import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { placeNew } from '../../../backup-agent/sources/files/restore/placement.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const path = Buffer.from('name');

/** A file takes its name by link(2); a directory, which cannot, by rename(2), as where there are no links. */
const kinds = {
  'by a second name': (at: string) => writeFileSync(at, 'new'),
  'where there are no second names': (at: string) => mkdirSync(at),
};

for (const [how, make] of Object.entries(kinds)) {
  test(`what was written aside gets its name ${how}, and only that`, async () => {
    await using directory = await temporaryDirectory();
    const staged = join(directory.path, 'staged');
    make(staged);
    const { ino } = lstatSync(staged);
    placeNew(Buffer.from(directory.path), Buffer.from(staged), path);
    assert.deepEqual(readdirSync(directory.path), ['name']);
    assert.equal(lstatSync(join(directory.path, 'name')).ino, ino);
  });

  test(`nothing is written over what came there meanwhile, ${how}`, async () => {
    await using directory = await temporaryDirectory();
    const staged = join(directory.path, 'staged');
    make(staged);
    writeFileSync(join(directory.path, 'name'), "somebody else's");
    assert.throws(() => placeNew(Buffer.from(directory.path), Buffer.from(staged), path), {
      code: 'EEXIST',
    });
    assert.equal(readFileSync(join(directory.path, 'name'), 'utf8'), "somebody else's");
    assert.deepEqual(readdirSync(directory.path).toSorted(), ['name', 'staged']);
  });
}
