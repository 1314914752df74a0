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
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const rdsCustomerKey: Rule = {
  id: 'rds-customer-key',
  title: 'Databases are encrypted by a customer managed key',
  severity: 'error',
  rationale:
    'A key that AWS manages has no policy of yours: use cannot be separated from administration, nor the key revoked.',
  remediation: 'Set kms_key_id to a key of your own.',
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
  check: resource(['aws_db_instance', 'aws_rds_cluster'], (database, everything) =>
    requires(database, 'kms_key_id', customerKey(everything)),
  ),
};
