import { afsbp, cis, nist80053, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { accountGuard } from '../../analysis/guards.ts';
import type { Rule } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const ebsEncryptedByDefault: Rule = {
  id: 'ebs-encrypted-by-default',
  title: 'Disks are encrypted by default',
  severity: 'error',
  rationale: 'A disk made by hand or by a service would hold data in the clear.',
  remediation: 'Add an aws_ebs_encryption_by_default with enabled true.',
  controls: [
    ...afsbp('EC2.7', 'EC2.3'),
    ...cis('6.1.1'),
    ...nist80053('SC-28'),
    ...iso27001('A.8.11', 'A.8.24'),
    ...gdpr('article_32'),
    ...soc2('pi_1_5'),
  ],
  check: accountGuard(
    'aws_iam_account_password_policy',
    'aws_ebs_encryption_by_default',
    (setting) => requires(setting, 'enabled', isTrue, true),
  ),
};
