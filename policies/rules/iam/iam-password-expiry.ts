import { afsbp, iso27001 } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { between, requires } from '../../engine/verdict.ts';

export const iamPasswordExpiry: Rule = {
  id: 'iam-password-expiry',
  title: 'Account passwords expire within ninety days',
  severity: 'warning',
  rationale: 'A password that leaked unnoticed would open the account for ever.',
  remediation: 'Set max_password_age to 90 or less.',
  controls: [...afsbp('IAM.7', 'IAM.10'), ...iso27001('A.5.15')],
  check: resource('aws_iam_account_password_policy', (account) =>
    requires(account, 'max_password_age', between(1, 90), 0),
  ),
};
