import { afsbp, cis, gdpr } from '../../controls/frameworks.ts';
import { accountGuard } from '../../analysis/guards.ts';
import type { Rule } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const macieEnabled: Rule = {
  id: 'macie-enabled',
  title: 'Macie looks for personal data in buckets wherever the account is audited',
  severity: 'note',
  rationale: 'Personal data turns up where nobody classified it.',
  remediation: 'Add an aws_macie2_account with status ENABLED.',
  controls: [...afsbp('Macie.1'), ...cis('3.1.3'), ...gdpr('article_30')],
  check: accountGuard(
    'aws_cloudtrail',
    'aws_macie2_account',
    (account) => requires(account, 'status', equals('ENABLED'), 'ENABLED'),
    'macie',
  ),
};
