import { z } from 'zod';
import { catalogue } from '../backup-agent/errors/catalogue.ts';
import { exitCodes, exitMeanings, type ExitName } from '../backup-agent/errors/exit-codes.ts';
import { configuration } from '../contracts/configuration.ts';

/** Every page that code determines: its path from the repository's root, and its content. */
export function generatedDocs(): Record<string, string> {
  return {
    'docs/error-codes.md': errorCodes(),
    'docs/configuration.schema.gen.json': configurationSchema(),
  };
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
