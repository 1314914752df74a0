import type { Finding, Preflight, SourceContext } from '../source.ts';
import { connect } from './connection.ts';
import { readServerFacts, whyNoFollowing } from './server-facts.ts';
import { jobPublications, type SourceSetup } from './source-setup.ts';

/** Everything that stands in the way of a backup; changes nothing on the server. */
export async function examine(setup: SourceSetup, context: SourceContext): Promise<Preflight> {
  await using session = await connect(setup.target, { signal: context.signal });
  const facts = await readServerFacts(session.client);
  const findings: Finding[] = [];
  const obstacle = await whyNoFollowing(session.client, facts, jobPublications(setup.job));
  if (obstacle !== undefined)
    findings.push({
      severity: 'warning',
      where: 'incrementals',
      what: `only fulls are possible: ${obstacle}`,
      fix: '`holdfast source prepare --print` prints what is needed',
    });
  return { findings };
}
