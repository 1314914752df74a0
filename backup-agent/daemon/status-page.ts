import type { Agent } from '../operations/agent.ts';
import { readStatusReport } from '../operations/status-report.ts';
import { renderStatusPage } from '../report/status-page.ts';

export interface StatusPageSource {
  readonly openAgent: () => Promise<Agent>;
  readonly now: () => Date;
  readonly log: Agent['log'];
}

const shownMs = 90 * 86_400_000;
/** A page is made at most this often, however many ask for it. */
const freshMs = 60_000;

/** The status page of all jobs, made when it is asked for and then kept for a minute. */
export function statusPageOf({ openAgent, now, log }: StatusPageSource): () => Promise<string> {
  let made: { readonly at: number; readonly page: Promise<string> } | undefined;
  return async () => {
    const at = now().getTime();
    if (!made || at - made.at >= freshMs || at < made.at) made = { at, page: makePage(openAgent) };
    const { page } = made;
    try {
      return await page;
    } catch (error) {
      log.error({ error }, 'the status page could not be made');
      // The next reader tries anew.
      if (made?.page === page) made = undefined;
      throw error;
    }
  };
}

async function makePage(openAgent: StatusPageSource['openAgent']): Promise<string> {
  await using agent = await openAgent();
  const { jobs, timeZone } = agent.configuration;
  const since = new Date(agent.now().getTime() - shownMs);
  const report = await readStatusReport(agent, Object.keys(jobs), since);
  return await renderStatusPage(report, { timeZone, language: 'en' });
}
