import { afsbp, cis, nist80053, hipaa, pci, iso27001, gdpr } from '../../controls/frameworks.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const efsCustomerKey: Rule = {
  id: 'efs-customer-key',
  title: 'File systems are encrypted by a customer managed key',
  severity: 'error',
  rationale: "With the service's key use cannot be separated from administration.",
  remediation: 'Set kms_key_id.',
  controls: [
    ...afsbp('EFS.1'),
    ...cis('3.3.1'),
    ...nist80053('AU-9(3)', 'CP-9d', 'SC-8(3)', 'SC-8(4)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
    ...iso27001('A.8.11', 'A.8.24'),
    ...gdpr('article_32'),
  ],
  check: resource('aws_efs_file_system', (system, everything) =>
    requires(system, 'kms_key_id', customerKey(everything)),
  ),
};
