import { afsbp, nist80053, hipaa, pci, iso27001, soc2 } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { customerKey } from '../../analysis/keys.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { requires } from '../../engine/verdict.ts';

export const s3ObjectsCustomerKey: Rule = {
  id: 's3-objects-customer-key',
  title: 'Objects that the configuration writes are encrypted by a customer managed key',
  severity: 'error',
  rationale: 'An object with its own setting escapes the key of its bucket.',
  remediation:
    "Leave the object's encryption to a bucket whose default is your key, or set kms_key_id.",
  controls: [
    ...afsbp('S3.17'),
    ...nist80053('AU-9(3)', 'CP-9d', 'CP-9(8)', 'SC-8(3)'),
    ...hipaa('164.312(a)(2)(iv)', '164.312(e)(2)(ii)'),
    ...pci('3.4', '8.2.1'),
    ...iso27001('A.8.11', 'A.8.24'),
    ...soc2('pi_1_4'),
  ],
  check: resource(
    ['aws_s3_object', 'aws_s3_object_copy', 'aws_s3_bucket_object'],
    (object, everything) => {
      const own = requires(object, 'kms_key_id', customerKey(everything));
      if (
        object.get('kms_key_id') !== undefined ||
        object.get('server_side_encryption') !== undefined
      )
        return own;
      const [bucket] = everything.referents(object.get('bucket'), 'aws_s3_bucket');
      const configuration =
        bucket &&
        companion(everything, bucket, 'aws_s3_bucket_server_side_encryption_configuration');
      return configuration
        ? requires(
            configuration,
            'rule.apply_server_side_encryption_by_default.kms_master_key_id',
            customerKey(everything),
          )
        : own;
    },
  ),
};
