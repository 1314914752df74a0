import { nist80053, hipaa, pci } from '../../controls/frameworks.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { equals, requires } from '../../engine/verdict.ts';

export const rdsModernCa: Rule = {
  id: 'rds-modern-ca',
  title: 'Databases present a certificate of a current authority',
  severity: 'warning',
  rationale:
    'The authority of 2019 has expired; clients that verify certificates, as they must, cannot connect.',
  remediation:
    'Set ca_cert_identifier to rds-ca-rsa2048-g1, rds-ca-rsa4096-g1 or rds-ca-ecc384-g1.',
  controls: [
    ...nist80053('SC-8', 'AC-4', 'AC-4(22)', 'AC-17(2)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(1)', '164.312(e)(2)(i)'),
    ...pci('2.3', '4.1'),
  ],
  check: resource(['aws_db_instance', 'aws_rds_cluster_instance'], (database) =>
    requires(
      database,
      'ca_cert_identifier',
      equals('rds-ca-rsa2048-g1', 'rds-ca-rsa4096-g1', 'rds-ca-ecc384-g1'),
      'rds-ca-rsa2048-g1',
    ),
  ),
};
