import { parse } from 'yaml';
import { z } from 'zod';
import { type Suppression, suppression, suppressionsFile } from '../../contracts/suppressions.ts';
import type { Result, SuppressionProblem } from './report.ts';
import type { Rule } from './rule.ts';

/** The suppressions file as a whole cannot be read. */
export class SuppressionsError extends Error {
  override readonly name = 'SuppressionsError';
}

interface Entry {
  /** Position in the file, from 1. */
  readonly number: number;
  readonly suppression: Suppression;
}

interface When {
  readonly rules: readonly Rule[];
  readonly now: Date;
  readonly environment?: string;
}

/** A parsed suppressions file. */
export class SuppressionSet {
  private readonly entries: readonly Entry[];
  private readonly malformed: readonly SuppressionProblem[];

  constructor(entries: readonly Entry[], malformed: readonly SuppressionProblem[]) {
    this.entries = entries;
    this.malformed = malformed;
  }

  /** Turns accepted findings into `suppressed` ones, and says what is wrong with the rest. */
  apply(
    results: readonly Result[],
    when: When,
  ): { results: Result[]; problems: SuppressionProblem[] } {
    const applicable = this.entries.filter(({ suppression }) =>
      inEnvironment(suppression, when.environment),
    );
    const byFinding = new Map(
      applicable.map((entry) => [key(entry.suppression.rule, entry.suppression.address), entry]),
    );
    const used = new Set<Entry>();
    const judged = results.map((result) => {
      const entry =
        result.outcome === 'fail' ? byFinding.get(key(result.rule.id, result.address)) : undefined;
      if (!entry) return result;
      used.add(entry);
      return suppress(result, entry, when.now);
    });
    const problems = applicable.flatMap((entry) => problemOf(entry, used.has(entry), when));
    return { results: judged, problems: [...this.malformed, ...problems] };
  }
}

export const noSuppressions = new SuppressionSet([], []);

/**
 * Parses a suppressions file. An entry that is malformed becomes a problem of the report, and the
 * finding it was meant for stays.
 *
 * @throws {SuppressionsError} when the file is not YAML, or not of the format's version
 */
export function parseSuppressions(text: string): SuppressionSet {
  const raw = suppressionsFile.safeParse(parseYaml(text));
  if (!raw.success)
    throw new SuppressionsError(`not a suppressions file: ${z.prettifyError(raw.error)}`);
  const entries: Entry[] = [];
  const malformed: SuppressionProblem[] = [];
  for (const [index, item] of raw.data.suppressions.entries()) {
    const parsed = suppression.safeParse(item);
    if (parsed.success) entries.push({ number: index + 1, suppression: parsed.data });
    else malformed.push({ kind: 'malformed', entry: index + 1, what: issues(parsed.error) });
  }
  return new SuppressionSet(entries, [...malformed, ...duplicates(entries)]);
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, { merge: true }) as unknown;
  } catch (error) {
    throw new SuppressionsError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
}

const key = (rule: string, address: string): string => `${rule}\n${address}`;
const inEnvironment = ({ environments }: Suppression, environment: string | undefined): boolean =>
  environments === undefined || (environment !== undefined && environments.includes(environment));

/** The day of expiry still counts, whole, in UTC. */
function isExpired({ expires }: Suppression, now: Date): boolean {
  return now.toISOString().slice(0, 10) > expires;
}

function suppress(result: Result, { number, suppression }: Entry, now: Date): Result {
  if (result.rule.unsuppressible)
    return { ...result, note: `suppression ${number} is refused: this rule cannot be suppressed` };
  if (isExpired(suppression, now))
    return { ...result, note: `suppression ${number} expired on ${suppression.expires}` };
  return { ...result, outcome: 'suppressed', suppression };
}

function problemOf(
  { number, suppression }: Entry,
  used: boolean,
  when: When,
): SuppressionProblem[] {
  const { rule: id, address, expires } = suppression;
  const rule = when.rules.find((one) => one.id === id);
  const problem = (kind: SuppressionProblem['kind'], what: string): SuppressionProblem[] => [
    { kind, entry: number, what },
  ];
  if (!rule) return problem('unknown-rule', `there is no rule ${id}`);
  if (rule.unsuppressible) return problem('refused', `${id} cannot be suppressed`);
  if (isExpired(suppression, when.now))
    return problem('expired', `${id} at ${address} expired on ${expires}`);
  return used ? [] : problem('unused', `${id} does not fail at ${address}`);
}

function duplicates(entries: readonly Entry[]): SuppressionProblem[] {
  const groups = Map.groupBy(
    entries,
    ({ suppression: { rule, address, environments } }) =>
      `${rule} at ${address}${environments ? ` in ${environments.join(', ')}` : ''}`,
  );
  return [...groups].flatMap(([what, members]) =>
    members.slice(1).map(({ number }) => ({
      kind: 'malformed' as const,
      entry: number,
      what: `a second suppression of ${what}`,
    })),
  );
}

function issues(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => `${path.join('.') || 'entry'}: ${message}`)
    .join('; ');
}
