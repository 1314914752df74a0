import type { Client } from 'pg';
import { readExtensions } from '../../sources/postgres/catalog.ts';
import type { Inventory } from '../../sources/postgres/inventory.ts';
import type { Comparison } from '../assertion.ts';

/**
 * Every extension of the source is there, in the same version. One that the sandbox was declared to
 * lack, and one of another version, are unproven: what they do was not rehearsed.
 */
export async function* compareExtensions(
  client: Client,
  expected: Inventory['extensions'],
  skipped: readonly string[],
): AsyncGenerator<Comparison> {
  const found = new Map((await readExtensions(client)).map(({ name, version }) => [name, version]));
  for (const { name, version } of expected) {
    const here = found.get(name);
    const subject = `extension ${name}`;
    if (here === version) yield { subject, outcome: 'passed', what: version };
    else if (here !== undefined)
      yield { subject, outcome: 'unproven', what: `is ${here} here, ${version} at the source` };
    else if (skipped.includes(name))
      yield { subject, outcome: 'unproven', what: 'is not in the sandbox, as declared' };
    else yield { subject, outcome: 'failed', what: 'is missing' };
  }
}
