import { nist80053, hipaa, pci, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const logGroupCustomerKey: Rule = {
  id: 'log-group-customer-key',
  title: 'Log groups are encrypted by a customer managed key',
  severity: 'error',
  rationale:
    'Logs hold addresses, user names and sometimes data; they deserve the protection of the data.',
  remediation: 'Set kms_key_id to a key whose policy lets the logs service use it.',
  controls: [
    ...nist80053('AU-9(3)', 'CP-9d', 'SC-8(3)', 'SC-8(4)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4'),
    ...iso27001('A.8.11', 'A.8.15'),
    ...gdpr('article_32'),
    ...soc2('cc_7_3'),
  ],
  check: resource('aws_cloudwatch_log_group', (group, everything) =>
    requires(group, 'kms_key_id', customerKey(everything)),
  ),
};
