import { nist80053, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { backsUp, jobs } from '../../analysis/jobs.ts';
import { primaryStores } from '../../analysis/storage.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const dataInAgentJob: Rule = {
  id: 'data-in-agent-job',
  title: "Every store of customers' data is in a job of the backup agent",
  severity: 'error',
  rationale:
    "AWS Backup's copies stay within AWS and its account; only the agent's are readable without it.",
  remediation:
    "Add a job whose source is the store, or tag the store with BackupJob and the job's name.",
  unsuppressible: true,
  controls: [
    ...nist80053('CP-9a', 'CP-9b'),
    ...iso27001('A.8.13'),
    ...gdpr('article_32'),
    ...soc2('pi_1_5'),
  ],
  check: graph((everything) => {
    const found = jobs(everything);
    if (found.length === 0) return [];
    return primaryStores(everything).map((store) => ({
      resource: store,
      verdict: when(
        found.some((job) => backsUp(everything, job, store)),
        'no job has it as its source',
        'a job of the backup agent',
      ),
    }));
  }),
};
