import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

const imports = /(?:from|import)\s+'(\.{1,2}\/[^']+)'/g;

async function localImports(folder: string): Promise<{ file: string; target: string }[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const found = await Promise.all(
    files.map(async (name) => {
      const file = join(folder, name);
      const text = await readFile(file, 'utf8');
      return [...text.matchAll(imports)].map(([, path = '']) => ({
        file,
        target: normalize(join(dirname(file), path)),
      }));
    }),
  );
  return found.flat();
}

test('policies know contracts, pages and libraries, and nothing of stacks or the agent', async () => {
  const foreign = (await localImports('policies')).filter(
    ({ target }) => !/^(policies|contracts|pages)\//.test(target),
  );
  assert.deepEqual(foreign, []);
});

test('stacks see the face of policies only', async () => {
  const seen = (await localImports('stacks')).filter(({ target }) =>
    target.startsWith('policies/'),
  );
  for (const { file, target } of seen) assert.equal(target, 'policies/face.ts', file);
});
