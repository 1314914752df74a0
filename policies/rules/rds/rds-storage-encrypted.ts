import {
  afsbp,
  cis,
  nist80053,
  hipaa,
  pci,
  iso27001,
  gdpr,
  soc2,
} from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { isTrue, requires } from '../../engine/verdict.ts';

export const rdsStorageEncrypted: Rule = {
  id: 'rds-storage-encrypted',
  title: 'Database storage is encrypted',
  severity: 'error',
  rationale:
    'Unencrypted storage, snapshots and replicas can be read by whoever obtains a copy of the disk.',
  remediation:
    'Set storage_encrypted to true. An existing database must be restored from an encrypted copy of its snapshot.',
  unsuppressible: true,
  controls: [
    ...afsbp('RDS.3'),
    ...cis('3.2.1'),
    ...nist80053('AU-9(3)', 'CP-9d', 'SC-8(3)', 'SC-8(4)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
    ...iso27001('A.8.11', 'A.8.24'),
    ...gdpr('article_32'),
    ...soc2('pi_1_5'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database) =>
    requires(database, 'storage_encrypted', isTrue),
  ),
};
