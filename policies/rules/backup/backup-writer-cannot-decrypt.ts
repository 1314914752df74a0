import { afsbp, nist80053, iso27001 } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { identities, isUnreadableIdentity, may } from '../../analysis/identities.ts';
import { mayWrite, repositories } from '../../analysis/storage.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { reference, textOf } from '../../engine/value.ts';
import { unknown, when } from '../../engine/verdict.ts';

export const backupWriterCannotDecrypt: Rule = {
  id: 'backup-writer-cannot-decrypt',
  title: 'Who writes backups cannot decrypt them',
  severity: 'error',
  rationale: "The machine that makes backups reads today's data; it must not read all of the past.",
  remediation:
    "Let the writer use the key through S3 only (kms:ViaService), and give the recovery identity's secret to the restoring role alone.",
  controls: [...afsbp('KMS.5'), ...nist80053('AC-5b', 'SC-12'), ...iso27001('A.8.1', 'A.5.3')],
  check: graph((everything) =>
    repositories(everything).flatMap((bucket) => {
      const value = companion(
        everything,
        bucket,
        'aws_s3_bucket_server_side_encryption_configuration',
      )?.get('rule.apply_server_side_encryption_by_default.kms_master_key_id');
      const keys = [
        textOf(value),
        ...everything.referents(value, 'aws_kms_key').map((key) => reference(key.address, 'arn')),
      ].filter((name) => name !== '');
      if (keys.length === 0) return [];
      return identities(everything)
        .filter((one) => mayWrite(one, bucket))
        .map((one) => {
          const decrypts = may(one, 'kms:Decrypt', [keys], { unconditional: true });
          if (!decrypts && isUnreadableIdentity(one))
            return {
              resource: one.resource,
              verdict: unknown(
                'a policy that is only known after apply',
                'use of the key through S3 only',
              ),
            };
          return {
            resource: one.resource,
            verdict: when(
              !decrypts,
              `writes to ${bucket.address} and decrypts with its key`,
              'use of the key through S3 only',
            ),
          };
        });
    }),
  ),
};
