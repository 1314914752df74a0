import { afsbp, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { customerKey } from '../../analysis/keys.ts';
import { receivesLogs } from '../../analysis/storage.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { all, equals, requires } from '../../engine/verdict.ts';

export const s3CustomerKey: Rule = {
  id: 's3-customer-key',
  title: 'Buckets encrypt by a customer managed key',
  severity: 'error',
  rationale:
    "With the service's own key every principal that reads the object also decrypts it; a key of your own decides separately.",
  remediation:
    'Add an aws_s3_bucket_server_side_encryption_configuration with aws:kms and your key. A bucket that AWS delivers access logs to takes AES256, the only kind it accepts there.',
  controls: [
    ...afsbp('S3.17'),
    ...nist80053('AU-9(3)', 'CP-9d', 'CP-9(8)', 'SC-8(3)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
    ...iso27001('A.8.11', 'A.8.24'),
    ...soc2('pi_1_4'),
  ],
  check: resource('aws_s3_bucket', (bucket, everything) => {
    const configuration =
      companion(everything, bucket, 'aws_s3_bucket_server_side_encryption_configuration') ?? bucket;
    const path =
      configuration === bucket
        ? 'server_side_encryption_configuration.rule.apply_server_side_encryption_by_default'
        : 'rule.apply_server_side_encryption_by_default';
    // AWS delivers access logs to no bucket whose default is a KMS key.
    if (receivesLogs(everything, bucket))
      return requires(configuration, `${path}.sse_algorithm`, equals('AES256'));
    return all(
      requires(configuration, `${path}.sse_algorithm`, equals('aws:kms', 'aws:kms:dsse')),
      requires(configuration, `${path}.kms_master_key_id`, customerKey(everything)),
    );
  }),
};
