import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { catalogue } from '../../backup-agent/errors/catalogue.ts';
import { exitCodes } from '../../backup-agent/errors/exit-codes.ts';
import { generatedDocs } from '../../scripts/generated-docs.ts';

test('generated pages are what the code generates', async () => {
  for (const [file, content] of Object.entries(generatedDocs()))
    assert.equal(
      await readFile(new URL(`../../${file}`, import.meta.url), 'utf8'),
      content,
      `${file} is stale: run npm run docs`,
    );
});

test('every code is kebab-case, every text a sentence or a hint in its form', () => {
  for (const [code, { meaning, hint }] of Object.entries(catalogue)) {
    assert.match(code, /^[a-z]+(-[a-z0-9]+)+$/);
    assert.match(meaning, /^[A-Z].*\.$/s, code);
    assert.doesNotMatch(hint, /^[A-Z](?![A-Z])|\.$/, code);
  }
});

test('exit codes are distinct', () => {
  const codes = Object.values(exitCodes);
  assert.equal(new Set(codes).size, codes.length);
});
