import { readFile } from 'node:fs/promises';
import type { Outcome, Report, Result } from './report.ts';

/** The line (from 1) on which a resource's block starts in Terraform JSON; undefined when not found. */
export function lineOf(text: string, address: string): number | undefined {
  const local = address.slice(address.indexOf('/') + 1);
  const match = /^(data\.)?([\w-]+)\.([\w-]+)/.exec(local);
  if (!match) return undefined;
  const [, data, type = '', name = ''] = match;
  const section = text.indexOf(data ? '"data"' : '"resource"');
  const start = section < 0 ? -1 : text.indexOf(`"${type}"`, section);
  const found = start < 0 ? -1 : text.indexOf(`"${name}"`, start + type.length);
  return found < 0 ? undefined : text.slice(0, found).split('\n').length;
}

/** Adds the line in the generated file to everything that a reporter may point at. */
export async function withLines(report: Report): Promise<Report> {
  const shown = new Set<Outcome>(['fail', 'unknown', 'suppressed']);
  const files = new Set(
    report.results.flatMap(({ origin, outcome }) =>
      shown.has(outcome) && origin.file !== undefined ? [origin.file] : [],
    ),
  );
  const texts = new Map(
    await Promise.all(
      [...files].map(async (file) => [file, await readFile(file, 'utf8').catch(() => '')] as const),
    ),
  );
  const located = (result: Result): Result => {
    const line = shown.has(result.outcome)
      ? lineOf(texts.get(result.origin.file ?? '') ?? '', result.address)
      : undefined;
    return line === undefined ? result : { ...result, origin: { ...result.origin, line } };
  };
  return { ...report, results: report.results.map(located) };
}
