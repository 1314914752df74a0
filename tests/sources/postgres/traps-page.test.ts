import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

test('every test that the page of traps names exists', async () => {
  const page = await readFile(new URL('../../../docs/postgres-traps.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| [^-]/.test(line));
  const traps = rows.slice(1).map((line) => line.split(' | ').at(-1)?.replace(/ \|$/, '') ?? '');
  assert.ok(traps.length > 25);
  for (const cell of traps)
    for (const named of cell.split('; ')) {
      const [, file = '', title = ''] = /^`([^`]+)`: `?(.*?)`?$/.exec(named) ?? [];
      assert.notEqual(title, '', named);
      const source = await readFile(new URL(`${file}.test.ts`, import.meta.url), 'utf8');
      assert.ok(source.includes(`test('${title}`) || source.includes(`test(\`${title}`), named);
    }
});
