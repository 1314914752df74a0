import type { Result } from '../engine/report.ts';

/** Where to look, as exactly as is known: the source line, or the generated file's. */
export function place({
  origin,
}: Result): { readonly file: string; readonly line: number } | undefined {
  const source = origin.source === undefined ? undefined : /^(.*):(\d+):\d+$/.exec(origin.source);
  if (source?.[1] !== undefined) return { file: source[1], line: Number(source[2]) };
  return origin.file === undefined ? undefined : { file: origin.file, line: origin.line ?? 1 };
}

/** What is wrong, in one sentence. */
export function message({ rule, actual, expected, note }: Result): string {
  const found = actual === undefined ? '' : `: ${actual}, expected ${expected}`;
  return `${rule.title}${found}${note === undefined ? '' : ` (${note})`}`;
}
