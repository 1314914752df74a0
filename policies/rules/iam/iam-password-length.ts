import { afsbp, cis, iso27001, gdpr } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { atLeast, requires } from '../../engine/verdict.ts';

export const iamPasswordLength: Rule = {
  id: 'iam-password-length',
  title: 'Account passwords have at least fourteen characters',
  severity: 'warning',
  rationale: 'Short passwords are guessed offline within hours.',
  remediation: 'Set minimum_password_length to 14 or more.',
  controls: [
    ...afsbp('IAM.7', 'IAM.10'),
    ...cis('2.7'),
    ...iso27001('A.5.15'),
    ...gdpr('article_25'),
  ],
  check: resource('aws_iam_account_password_policy', (account) =>
    requires(account, 'minimum_password_length', atLeast(14)),
  ),
};
