import { afsbp, iso27001, gdpr } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, isTrue, requires } from '../../engine/verdict.ts';

const required = [
  'require_lowercase_characters',
  'require_uppercase_characters',
  'require_numbers',
  'require_symbols',
];

export const iamPasswordCharacters: Rule = {
  id: 'iam-password-characters',
  title: 'Account passwords mix letters, digits and symbols',
  severity: 'warning',
  rationale: 'Auditors ask for it, and it keeps the simplest dictionary words out.',
  remediation: 'Set all four require_ settings to true.',
  controls: [...afsbp('IAM.7', 'IAM.10'), ...iso27001('A.5.15'), ...gdpr('article_25')],
  check: resource('aws_iam_account_password_policy', (account) =>
    all(...required.map((name) => requires(account, name, isTrue))),
  ),
};
