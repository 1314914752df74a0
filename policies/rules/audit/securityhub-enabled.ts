import { cis, nist80053, iso27001, soc2 } from '../../controls/frameworks.ts';
import { accountGuard } from '../../analysis/guards.ts';
import type { Rule } from '../../engine/rule.ts';
import { pass } from '../../engine/verdict.ts';

export const securityhubEnabled: Rule = {
  id: 'securityhub-enabled',
  title: 'Security Hub gathers findings wherever the account is audited',
  severity: 'warning',
  rationale: 'Findings that stay in ten consoles are read in none.',
  remediation: 'Add an aws_securityhub_account.',
  controls: [
    ...cis('5.16'),
    ...nist80053('CA-7'),
    ...iso27001('A.5.1', 'A.8.23'),
    ...soc2('cc_3_1'),
  ],
  check: accountGuard('aws_cloudtrail', 'aws_securityhub_account', () => pass, 'securityhub'),
};
