import { afsbp, cis, nist80053, hipaa, pci, iso27001 } from '../../controls/frameworks.ts';
import { accountGuard } from '../../analysis/guards.ts';
import type { Rule } from '../../engine/rule.ts';
import { all, isTrue, requires } from '../../engine/verdict.ts';

const settings = [
  'block_public_acls',
  'block_public_policy',
  'ignore_public_acls',
  'restrict_public_buckets',
];

export const s3AccountPublicAccessBlocked: Rule = {
  id: 's3-account-public-access-blocked',
  title: 'The account blocks public access to all buckets',
  severity: 'error',
  rationale: 'A bucket made outside of this code would be the exception that leaks.',
  remediation: 'Add an aws_s3_account_public_access_block with all four settings true.',
  controls: [
    ...afsbp('S3.1'),
    ...cis('3.1.4'),
    ...nist80053('AC-2(6)', 'AC-3', 'AC-3(7)', 'AC-4(21)'),
    ...hipaa('164.308(a)(3)(i)', '164.308(a)(4)(ii)(A)', '164.308(a)(4)(ii)(C)'),
    ...pci('1.2', '1.2.1'),
    ...iso27001('A.8.1'),
  ],
  check: accountGuard(
    'aws_iam_account_password_policy',
    'aws_s3_account_public_access_block',
    (block) => all(...settings.map((name) => requires(block, name, isTrue))),
  ),
};
