import { cis, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { accountGuard } from '../../analysis/guards.ts';
import type { Rule } from '../../engine/rule.ts';
import { matches, requires } from '../../engine/verdict.ts';

export const iamAccessAnalyzer: Rule = {
  id: 'iam-access-analyzer',
  title: 'Access Analyzer watches what is shared outside',
  severity: 'warning',
  rationale: 'What is shared with strangers by mistake is found by the analyzer, or by them.',
  remediation: 'Add an aws_accessanalyzer_analyzer of type ACCOUNT or ORGANIZATION.',
  controls: [...cis('2.19'), ...nist80053('AC-6'), ...iso27001('A.8.3')],
  check: accountGuard(
    'aws_iam_account_password_policy',
    'aws_accessanalyzer_analyzer',
    (analyzer) =>
      requires(
        analyzer,
        'type',
        matches(
          /^(ACCOUNT|ORGANIZATION)(_UNUSED_ACCESS|_INTERNAL_ACCESS)?$/,
          'an account or organization analyzer',
        ),
        'ACCOUNT',
      ),
    'access-analyzer',
  ),
};
