import { nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { environmentType } from '../../engine/environment.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const logRetentionOfEnvironment: Rule = {
  id: 'log-retention-of-environment',
  title: 'Logs are kept as long as the environment says',
  severity: 'error',
  rationale:
    'A log group with a number of its own forgets too early, or remembers people for too long.',
  remediation: "Set retention_in_days to the environment's retention.logsDays.",
  controls: [
    ...nist80053('AC-16b', 'AT-4b', 'AU-6(3)', 'AU-6(4)'),
    ...hipaa('164.312(b)'),
    ...pci('3.1', '10.7'),
    ...iso27001('A.8.15', 'A.8.16'),
    ...gdpr('article_25'),
    ...soc2('cc_7_2'),
  ],
  check: graph((everything) => {
    const [file] = everything.of(environmentType);
    const days = file?.get('retention.logsDays');
    if (days === undefined) return [];
    return everything.of('aws_cloudwatch_log_group').map((group) => ({
      resource: group,
      verdict: requires(group, 'retention_in_days', equals(Number(days))),
    }));
  }),
};
