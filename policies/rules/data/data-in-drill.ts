import { nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { backsUp, jobs } from '../../analysis/jobs.ts';
import { primaryStores } from '../../analysis/storage.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const dataInDrill: Rule = {
  id: 'data-in-drill',
  title: "The backups of every store of customers' data are rehearsed",
  severity: 'error',
  rationale: 'A backup that was never restored is a hope.',
  remediation:
    "Give the job a drill and a schedule for it, or let another job's drill check its attachments.",
  controls: [...nist80053('CP-10'), ...iso27001('A.8.13'), ...soc2('pi_1_5')],
  check: graph((everything) => {
    const found = jobs(everything);
    const rehearsed = new Set(
      found.filter(({ drilled }) => drilled).flatMap(({ name, drills }) => [name, ...drills]),
    );
    return primaryStores(everything).flatMap((store) => {
      const own = found.filter((job) => backsUp(everything, job, store));
      if (own.length === 0) return [];
      return [
        {
          resource: store,
          verdict: when(
            own.some(({ name }) => rehearsed.has(name)),
            `no drill restores ${own.map(({ name }) => name).join(', ')}`,
            'a scheduled drill',
          ),
        },
      ];
    });
  }),
};
