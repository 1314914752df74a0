import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { armor, Encrypter } from 'age-encryption';
import { generateIdentity } from '../../backup-agent/keys/identities.ts';
import { formatIdentityFile, readIdentities } from '../../backup-agent/keys/identity-file.ts';
import { run } from '../stream/tools.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { needing } from '../support/programs.ts';
import { protectQuickly } from '../support/protected-identity.ts';

const key = await generateIdentity();
const other = await generateIdentity();
const hybrid = await generateIdentity({ postQuantum: true });
const where = 'keys/recovery.txt';
const passphrase = 'körper hält 🔑 "quotes" $HOME';
const read = (text: string | Uint8Array, ask?: () => string) =>
  readIdentities(Buffer.from(text), { where, ...(ask ? { passphrase: ask } : {}) });

test('an identity file is written as age-keygen writes it, and reads back', async () => {
  const text = formatIdentityFile(key, new Date('2026-11-22T21:05:00.123Z'));
  assert.equal(
    text,
    `# created: 2026-11-22T21:05:00Z\n# public key: ${key.recipient}\n${key.identity}\n`,
  );
  assert.deepEqual(await read(text), [key.identity]);
});

test(
  'what age-keygen writes, we read, and what we write, age-keygen reads',
  needing('age-keygen'),
  async () => {
    await using directory = await temporaryDirectory();
    const theirs = join(directory.path, 'theirs');
    await run('age-keygen', ['-o', theirs]);
    const file = await readFile(theirs, 'utf8');
    const [identity] = await read(file);
    assert.ok(identity !== undefined && file.includes(`\n${identity}\n`));
    const ours = join(directory.path, 'ours');
    await writeFile(ours, formatIdentityFile(key, new Date()));
    assert.equal((await run('age-keygen', ['-y', ours])).toString().trim(), key.recipient);
  },
);

test('several identities, comments, empty lines, and lines ended by CRLF are read', async () => {
  const text = `# mine\r\n${key.identity}\r\n\r\n# theirs\n${other.identity}\n${hybrid.identity}`;
  assert.deepEqual(await read(text), [key.identity, other.identity, hybrid.identity]);
});

test('a file with a malformed line is refused: the line is named, never quoted', async () => {
  const broken = other.identity.slice(0, -1);
  await assert.rejects(read(`${key.identity}\n${broken}\n`), (error: Error & { code: string }) => {
    assert.equal(error.code, 'key-invalid');
    assert.match(error.message, /keys\/recovery\.txt, line 2/);
    assert.ok(!error.message.includes(broken.slice(20)));
    return true;
  });
});

test('a file without an identity, and one with a recipient instead, are refused', async () => {
  for (const text of ['', '\n', '# only a comment\n'])
    await assert.rejects(read(text), { code: 'identity-missing' });
  await assert.rejects(read(key.recipient), { code: 'key-invalid' });
});

test('a protected file opens with its passphrase, binary or armored', async () => {
  const binary = await protectQuickly(formatIdentityFile(key, new Date()), passphrase);
  const armored = armor.encode(binary);
  for (const file of [binary, armored, `\n${armored}\n`, armored.replaceAll('\n', '\r\n')])
    assert.deepEqual(await read(file, () => passphrase), [key.identity]);
});

test('the passphrase is asked for only when it is needed', async () => {
  await read(key.identity, () => assert.fail('asked for a passphrase'));
});

test('a wrong passphrase, none, and a damaged file are told apart', async () => {
  const file = await protectQuickly(key.identity, passphrase);
  await assert.rejects(
    read(file, () => 'wrong'),
    { code: 'passphrase-wrong', message: /recovery/ },
  );
  await assert.rejects(read(file), { code: 'passphrase-missing' });
  const damaged = Buffer.from(file);
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  await assert.rejects(
    read(damaged, () => passphrase),
    { code: 'key-invalid' },
  );
  const armored = armor.encode(file).replace('-----END', 'x-----END');
  await assert.rejects(
    read(armored, () => passphrase),
    { code: 'key-invalid' },
  );
});

test('an identity file encrypted to a recipient is refused by name, not guessed at', async () => {
  const encrypter = new Encrypter();
  encrypter.addRecipient(other.recipient);
  await assert.rejects(
    read(await encrypter.encrypt(key.identity), () => passphrase),
    {
      code: 'key-invalid',
      message: /not with a passphrase/,
    },
  );
});

test('a file that the age command protects opens here', needing('age', 'script'), async () => {
  await using directory = await temporaryDirectory();
  const theirs = join(directory.path, 'theirs');
  const plain = join(directory.path, 'plain');
  await writeFile(plain, `${other.identity}\n`);
  // age asks for a passphrase on a terminal only, so it is given one.
  const command = `age --passphrase -o ${theirs} ${plain}`;
  const answers = Buffer.from('open sesame\nopen sesame\n');
  await run('script', ['-q', '-e', '-c', command, '/dev/null'], answers);
  assert.deepEqual(await read(await readFile(theirs), () => 'open sesame'), [other.identity]);
});
