import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ContentKey } from '../../../backup-agent/sources/files/content-key.ts';
import type { BackupReader } from '../../../backup-agent/sources/source.ts';
import {
  restoreFiles,
  type RestoreFilesOptions,
} from '../../../backup-agent/sources/files/restore/restore-files.ts';
import { InMemoryBackup, silentProgress } from '../../support/in-memory-backup.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const content = Buffer.from('owned');
const key = new ContentKey(Buffer.alloc(32, 7));
const digest = key.start().update(content).digest('base64url');
const common = { m: 0o644, u: 0, g: 0, s: 0, mt: '0', ct: '0', i: '1' };

const directoryLine = (p: unknown) => ({ ...common, p, t: 'd', m: 0o755 });
const linkLine = (p: unknown, l: string) => ({ ...common, p, t: 'l', l });
const fileLine = (p: unknown, more: object = {}) => ({
  ...common,
  p,
  t: 'f',
  s: content.length,
  d: digest,
  e: [[1, 0, content.length]],
  ...more,
});

/** What an enemy who can write a backup could put into its index. */
async function backup(lines: readonly unknown[]): Promise<BackupReader> {
  const header = { format: 'holdfast-files-index/1', key: key.base64, index: 'whole' };
  const written = new InMemoryBackup('20261122T210500Z-00000f');
  const all = [header, directoryLine(''), ...lines];
  const text = all.map((l) => (typeof l === 'string' ? l : JSON.stringify(l))).join('\n');
  await written.writeMeta('index', [Buffer.from(`${text}\n`)]);
  await written.writeObject('s000001.tar', [content, Buffer.alloc(507)]);
  return written.reader({
    kind: 'full',
    point: { time: '2026-11-22T21:05:00.000Z' },
    source: { indexParent: null, entries: lines.length },
  });
}

/** Comes after any other name. */
const lastName = Buffer.alloc(3, 0xff);

interface Outcome {
  readonly where: string;
  readonly what: RegExp;
}

async function restoreHostile(
  lines: readonly unknown[],
  expected: readonly Outcome[],
  options: Partial<RestoreFilesOptions> = {},
): Promise<void> {
  await using directory = await temporaryDirectory();
  const target = join(directory.path, 'inner/target');
  const report = await restoreFiles({
    chain: [await backup([...lines, fileLine({ b: lastName.toString('base64') })])],
    target,
    signal: new AbortController().signal,
    progress: silentProgress,
    ...options,
  });
  for (const [index, { where, what }] of expected.entries()) {
    assert.equal(report.refused[index]?.where, where);
    assert.match(report.refused[index]?.what ?? '', what);
  }
  assert.equal(report.refused.length, expected.length);
  const last = Buffer.concat([Buffer.from(`${target}/`), lastName]);
  assert.equal(readFileSync(last, 'utf8'), 'owned', 'the rest is restored');
  assert.deepEqual(readdirSync(directory.path), ['inner'], 'nothing is outside');
  assert.deepEqual(readdirSync(join(directory.path, 'inner')), ['target'], 'nothing is outside');
}

void suite('a hostile index is refused entry by entry, and the rest restored', () => {
  const cases: [string, unknown[], Outcome[]][] = [
    [
      'an absolute path',
      [fileLine('/tmp/holdfast-owned')],
      [{ where: '/tmp/holdfast-owned', what: /absolute/ }],
    ],
    ['a path that climbs', [fileLine('../owned')], [{ where: '../owned', what: /"\.\."/ }]],
    [
      'a path that climbs from a directory',
      [directoryLine('a'), fileLine('a/../../owned')],
      [{ where: 'a/../../owned', what: /"\.\."/ }],
    ],
    [
      'a path that climbs in bytes that are not UTF-8',
      [fileLine({ b: Buffer.from('\xff/../../../owned', 'latin1').toString('base64') })],
      [{ where: '\ufffd/../../../owned', what: /"\.\."/ }],
    ],
    ['a dot', [fileLine('.')], [{ where: '.', what: /"\."/ }]],
    ['an empty name', [fileLine('a//b')], [{ where: 'a//b', what: /empty name/ }]],
    ['a zero byte', [fileLine('a\0b')], [{ where: 'a\0b', what: /zero byte/ }]],
    [
      'a link, and a file through it',
      [linkLine('link', '../..'), fileLine('link/owned')],
      [{ where: 'link/owned', what: /not a directory/ }],
    ],
    [
      'a link, and a directory and a file through it',
      [linkLine('link', '../..'), directoryLine('link/d'), fileLine('link/d/owned')],
      [
        { where: 'link/d', what: /not a directory/ },
        { where: 'link/d/owned', what: /not a directory/ },
      ],
    ],
    [
      'a link and a directory of the same name',
      [linkLine('link', '../..'), directoryLine('link'), fileLine('link/owned')],
      [
        { where: 'link', what: /duplicate/ },
        { where: 'link/owned', what: /not a directory/ },
      ],
    ],
    [
      'a directory that becomes a link',
      [directoryLine('d'), linkLine('d', '../..'), fileLine('d/good')],
      [{ where: 'd', what: /duplicate/ }],
    ],
    [
      'a file in what is a file',
      [fileLine('f'), fileLine('f/owned')],
      [{ where: 'f/owned', what: /not a directory/ }],
    ],
    ['a hard link outside', [fileLine('h', { h: '../../x' })], [{ where: 'h', what: /outside/ }]],
    ['a duplicate name', [fileLine('a'), fileLine('a')], [{ where: 'a', what: /duplicate/ }]],
    ['names out of order', [fileLine('b'), fileLine('a')], [{ where: 'a', what: /out of order/ }]],
    [
      'content outside of its segment',
      [fileLine('a', { e: [[1, 510, 5]] })],
      [{ where: 'a', what: /outside of its segment/ }],
    ],
    [
      'content of overlapping places',
      [fileLine('a', { e: [[1, 2, 5]] })],
      [{ where: 'a', what: /outside of its segment/ }],
    ],
    [
      'a segment that does not exist',
      [fileLine('a', { e: [[9, 0, 5]] })],
      [{ where: 'a', what: /segment that does not exist/ }],
    ],
    [
      'content of another digest',
      [fileLine('a', { e: [[1, 5, 5]] })],
      [{ where: 'a', what: /digest/ }],
    ],
    [
      'a size that its content has not',
      [fileLine('a', { s: 2 ** 52 })],
      [{ where: 'a', what: /another size/ }],
    ],
    ['no digest', [fileLine('a', { d: undefined })], [{ where: 'a', what: /no digest/ }]],
    [
      'the name of the folder that the restore works in',
      [directoryLine('.holdfast-restore-20261122T210500Z-00000f')],
      [{ where: '.holdfast-restore-20261122T210500Z-00000f', what: /works in/ }],
    ],
  ];
  for (const [name, lines, outcome] of cases)
    test(name, async () => {
      await restoreHostile(lines, outcome);
      assert.ok(!existsSync('/tmp/holdfast-owned'));
    });

  test('device nodes and lines that are no entries', async () => {
    const device = { ...common, p: 'device', t: 'b', major: 8 };
    await restoreHostile(
      [device, '{"p":', '[]', '{"p":"a","t":"f","m":1e9}'],
      [
        { where: JSON.stringify(device), what: /malformed/ },
        { where: '{"p":', what: /malformed/ },
        { where: '[]', what: /malformed/ },
        { where: '{"p":"a","t":"f","m":1e9}', what: /malformed/ },
      ],
    );
  });

  test('names that the target takes for one', async () => {
    await restoreHostile(
      [fileLine('NAME'), fileLine('e\u0301'), fileLine('name'), fileLine('\u00e9')],
      [
        { where: 'name', what: /only in case/ },
        { where: '\u00e9', what: /only in case/ },
      ],
      { foldCase: true },
    );
  });
});

test('into an existing directory, nothing is written through its links', async () => {
  await using directory = await temporaryDirectory();
  const [target, outside] = ['target', 'outside'].map((name) => join(directory.path, name));
  assert.ok(target && outside);
  mkdirSync(target);
  mkdirSync(outside);
  symlinkSync(outside, join(target, 'd'));
  writeFileSync(join(outside, 'kept'), 'kept');
  symlinkSync(join(outside, 'kept'), join(target, 'f'));
  const report = await restoreFiles({
    chain: [await backup([directoryLine('d'), fileLine('d/owned'), fileLine('f')])],
    target,
    into: 'overwrite',
    signal: new AbortController().signal,
    progress: silentProgress,
  });
  assert.deepEqual(
    report.refused.map(({ where }) => where),
    ['d', 'd/owned'],
  );
  assert.deepEqual(readdirSync(outside), ['kept']);
  assert.equal(readFileSync(join(outside, 'kept'), 'utf8'), 'kept');
  assert.ok(lstatSync(join(target, 'f')).isFile(), 'the link itself is replaced');
});
