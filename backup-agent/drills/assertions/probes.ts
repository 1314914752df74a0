import type { Client } from 'pg';
import type { Probe } from '../../../contracts/job.ts';
import type { Comparison } from '../assertion.ts';

/** The configured questions to the restored database, each with the answer it must give. */
export async function* runProbes(
  client: Client,
  probes: readonly Probe[],
): AsyncGenerator<Comparison> {
  for (const probe of probes) yield { subject: probe.name, ...(await runProbe(client, probe)) };
}

async function runProbe(
  client: Client,
  probe: Probe,
): Promise<Pick<Comparison, 'outcome' | 'what'>> {
  await client.query('BEGIN READ ONLY');
  try {
    await client.query(`SET LOCAL statement_timeout = ${Math.ceil(probe.timeout)}`);
    const { rows } = await client.query<(string | null)[]>({
      text: probe.query,
      rowMode: 'array',
      types: { getTypeParser: () => (text: string) => text },
    });
    const [value] = rows[0] ?? [];
    if (rows.length !== 1 || rows[0]?.length !== 1 || value === undefined)
      return { outcome: 'failed', what: `returned ${rows.length} rows instead of one value` };
    return judge(value, probe.expect);
  } catch (error) {
    return { outcome: 'failed', what: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.query('ROLLBACK');
  }
}

/** `value` is the text that PostgreSQL sent, null for NULL. */
export function judge(
  value: string | null,
  expect: Probe['expect'],
): Pick<Comparison, 'outcome' | 'what'> {
  const verdict = (met: boolean, wanted: string) =>
    met
      ? ({ outcome: 'passed', what: String(value) } as const)
      : ({ outcome: 'failed', what: `expected ${wanted}, found ${String(value)}` } as const);
  if ('equals' in expect)
    return verdict(value === asPostgresText(expect.equals), String(expect.equals));
  if ('atLeast' in expect)
    return verdict(value !== null && Number(value) >= expect.atLeast, `at least ${expect.atLeast}`);
  if ('notEmpty' in expect) return verdict(value !== null && value !== '', 'a value');
  const matches = value !== null && new RegExp(expect.matches, 'u').test(value);
  return verdict(matches, `a match of ${expect.matches}`);
}

function asPostgresText(value: string | number | boolean | null): string | null {
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return value === null ? null : String(value);
}
