import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCoverage, policyPages } from '../policies/catalogue.ts';
import { rules } from '../policies/rules/index.ts';

/** Writes docs/policies from the rules; a test holds the pages to what this writes. */
const directory = 'docs/policies';
await mkdir(directory, { recursive: true });
const coverage = parseCoverage(await readFile('policies/coverage.tsv', 'utf8'));
for (const [name, text] of policyPages(rules, coverage))
  await writeFile(join(directory, name), text);
