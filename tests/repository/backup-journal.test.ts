import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  BackupJournal,
  journalFile,
  readJournal,
  readNote,
  type JournalHeader,
} from '../../backup-agent/repository/backup-journal.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const header: JournalHeader = {
  format: 'holdfast-backup-journal/1',
  repositoryId: '7f3a9100-0000-4000-8000-000000000000',
  job: 'crm',
  backup: '20261122T210500Z-7f3a91',
  kind: 'full',
  startedAt: '2026-11-22T21:05:00.000Z',
  newest: null,
  recipients: { objects: [], meta: [] },
  plan: 'plan',
  note: 'note',
};
const options = {
  now: () => new Date('2026-11-22T22:00:00.000Z'),
  onBroken: (error: unknown) => assert.fail(String(error)),
};
const object = (name: string) => ({
  area: 'objects' as const,
  name,
  plaintextBytes: 10,
  sizeBytes: 20,
  sha256: 'a'.repeat(64),
});
const notes = ['first\nof two lines\n', '', '{"at":"not a line","größe":1}\n'.repeat(300)];

async function write(directory: string): Promise<string> {
  const file = journalFile(directory, header.repositoryId, header.job);
  const journal = await BackupJournal.start(file, options, header);
  await Promise.all(notes.map((note, number) => journal.object(object(`s${number}`), note)));
  await journal.manifest(Buffer.from('manifest'));
  return file;
}

test('a journal says what was written to it, with notes of any text', async () => {
  await using directory = await temporaryDirectory();
  const file = await write(directory.path);
  const content = await readJournal(file);
  assert.deepEqual(content?.header, header);
  assert.deepEqual(content.manifest, Buffer.from('manifest'));
  assert.equal(content.lastAt.toISOString(), '2026-11-22T22:00:00.000Z');
  const found = content.objects.map(({ name, attempt }) => ({ name, attempt }));
  assert.deepEqual(
    found,
    notes.map((_, number) => ({ name: `s${number}`, attempt: 0 })),
  );
  for (const [number, line] of content.objects.entries())
    assert.equal(await readNote(file, line), notes[number]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(join(directory.path, 'interrupted')).mode & 0o777, 0o700);
});

test('a journal that was cut anywhere says what came before, and can be gone on with', async () => {
  await using directory = await temporaryDirectory();
  const file = await write(directory.path);
  const bytes = readFileSync(file);
  const first = bytes.indexOf('\n') + 1;
  for (let length = 0; length < bytes.length; length++) {
    if (length > 1500 && length % 89 > 0) continue;
    writeFileSync(file, bytes.subarray(0, length));
    const content = await readJournal(file);
    if (length < first) {
      assert.equal(content, undefined);
      continue;
    }
    assert.ok(content && content.sizeBytes <= length);
    assert.equal(content.manifest, undefined);
    if (length % 31 > 0) continue;
    const journal = await BackupJournal.resume(file, options, content);
    await journal.object(object('later'), 'of the second run');
    const after = await readJournal(file);
    assert.deepEqual(
      after?.objects.map(({ name, attempt }) => `${name} of ${attempt}`),
      [...content.objects.map(({ name }) => `${name} of 0`), 'later of 1'],
    );
  }
});

test('what is no journal is none', async () => {
  await using directory = await temporaryDirectory();
  const file = journalFile(directory.path, header.repositoryId, header.job);
  assert.equal(await readJournal(file), undefined);
  await mkdir(join(file, '..'), { recursive: true });
  for (const text of ['', '\n', '{}\n', '[]\n', 'null\n', '\0\0\0', 'x'.repeat(10_000)]) {
    writeFileSync(file, text);
    assert.equal(await readJournal(file), undefined);
  }
});

test('a journal that cannot be written says so once, and writes nothing behind the gap', async () => {
  await using directory = await temporaryDirectory();
  const errors: unknown[] = [];
  const file = journalFile(directory.path, header.repositoryId, header.job);
  const journal = await BackupJournal.start(
    file,
    { ...options, onBroken: (error) => errors.push(error) },
    header,
  );
  // Root may write whatever the mode says, but nobody appends to a folder.
  await rename(file, `${file}.away`);
  await mkdir(file);
  await journal.object(object('s1'), '');
  await journal.object(object('s2'), '');
  assert.equal(errors.length, 1);
});
