import { afsbp, cis, iso27001, gdpr } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { atLeast, requires } from '../../engine/verdict.ts';

export const iamPasswordReuse: Rule = {
  id: 'iam-password-reuse',
  title: 'Account passwords are not used again',
  severity: 'warning',
  rationale: 'A leaked password stays dangerous as long as it can come back.',
  remediation: 'Set password_reuse_prevention to 24.',
  controls: [
    ...afsbp('IAM.7', 'IAM.10'),
    ...cis('2.8'),
    ...iso27001('A.5.15'),
    ...gdpr('article_25'),
  ],
  check: resource('aws_iam_account_password_policy', (account) =>
    requires(account, 'password_reuse_prevention', atLeast(24)),
  ),
};
