import { readFile, writeFile } from 'node:fs/promises';
import { generatedDocs } from './generated-docs.ts';

/** Writes the pages that are generated from code; with `--check` only says which are stale. */
const check = process.argv.includes('--check');
for (const [file, content] of Object.entries(generatedDocs())) {
  const url = new URL(`../${file}`, import.meta.url);
  const current = await readFile(url, 'utf8').catch(() => '');
  if (current === content) continue;
  process.stderr.write(`${file} ${check ? 'is stale: run npm run docs' : 'written'}\n`);
  if (check) process.exitCode = 1;
  else await writeFile(url, content);
}
