import { afsbp, cis, nist80053, hipaa, pci, iso27001, gdpr } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const efsEncrypted: Rule = {
  id: 'efs-encrypted',
  title: 'File systems are encrypted',
  severity: 'error',
  rationale: 'Attachments on an unencrypted file system are readable on the disk below.',
  remediation: 'Set encrypted to true; an existing file system must be copied.',
  unsuppressible: true,
  controls: [
    ...afsbp('EFS.1'),
    ...cis('3.3.1'),
    ...nist80053('AU-9(3)', 'CP-9d', 'SC-8(3)', 'SC-8(4)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
    ...iso27001('A.8.11', 'A.8.24'),
    ...gdpr('article_32'),
  ],
  check: resource('aws_efs_file_system', (system) => requires(system, 'encrypted', isTrue)),
};
