import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { catalogue } from '../backup-agent/errors/catalogue.ts';
import { exitCodes, exitMeanings, type ExitName } from '../backup-agent/errors/exit-codes.ts';
import { configuration } from '../contracts/configuration.ts';
import { environment } from '../contracts/environment.ts';
import { controlCatalogue, procedures } from '../policies/controls/control-catalogue.ts';
import { controlPages } from '../policies/controls/control-pages.ts';
import { frameworkLists } from '../policies/controls/framework-lists.ts';
import { disasterPlan } from '../policies/documents/disaster-plan.ts';
import { privacyNotice } from '../policies/documents/privacy-notice.ts';
import { processingRecord } from '../policies/documents/processing-record.ts';

/** Every page that code determines: its path from the repository's root, and its content. */
export function generatedDocs(): Record<string, string> {
  return {
    'docs/error-codes.md': errorCodes(),
    'docs/configuration.schema.gen.json': configurationSchema(),
    ...prefixed('docs/controls', controlPages(controlCatalogue(), procedures(), frameworkLists())),
    ...prefixed('docs/procedures', procedureExamples()),
  };
}

function prefixed(folder: string, pages: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pages).map(([name, text]) => [`${folder}/${name}`, text]),
  );
}

/** What `policies document` writes from the example files of this repository. */
function procedureExamples(): Record<string, string> {
  const agent = configuration.parse(example('docs/examples/holdfast.yaml'));
  const file = environment.parse(example('stacks/environments/production.yaml'));
  const inputs = { agent, environment: file, language: 'en' } as const;
  const note =
    '<!-- An example, made by scripts/generate-docs.ts; docs/procedures/README.md says how to make your own. -->';
  const pages = {
    'disaster-plan.md': disasterPlan({ ...inputs, records: [] }),
    'processing-record.md': processingRecord(inputs),
    'privacy-notice.md': privacyNotice(inputs),
  };
  return Object.fromEntries(
    Object.entries(pages).map(([name, text]) => [name, `${note}\n\n${text}`]),
  );
}

function example(path: string): unknown {
  return parse(readFileSync(join(import.meta.dirname, '..', path), 'utf8'));
}

function configurationSchema(): string {
  const schema = { title: 'Holdfast agent', ...z.toJSONSchema(configuration, { io: 'input' }) };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

function errorCodes(): string {
  const exits = Object.keys(exitCodes).map((exit) => {
    const name = exit as ExitName; // the keys of exitCodes are its names
    return `| ${exitCodes[name]} | ${exitMeanings[name]} |`;
  });
  const entries = Object.entries(catalogue).map(
    ([code, { exit, meaning, hint, retrySafe }]) =>
      `| \`${code}\` | ${exitCodes[exit]} | ${cell(meaning)} | ${cell(hint)} | ${retrySafe ? 'yes' : 'no'} |`,
  );
  return `# Exit codes and errors

Generated from \`backup-agent/errors/\` by \`npm run docs\`. \`holdfast explain <code>\` shows one entry.

## Exit codes

| Code | Meaning |
|---|---|
${exits.join('\n')}

## Errors

"Again" says whether the same command, run again unchanged, is safe and may succeed.

| Error | Exit | Meaning | What to do | Again |
|---|---|---|---|---|
${entries.join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
