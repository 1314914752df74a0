import { afsbp, cis, nist80053, hipaa, iso27001, gdpr, soc2 } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { customerKey } from '../../analysis/keys.ts';
import { isPersonal, keyAttributes, receivesLogs } from '../../analysis/storage.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { notApplicable, requires } from '../../engine/verdict.ts';

export const dataPersonalEncrypted: Rule = {
  id: 'data-personal-encrypted',
  title: 'Whatever holds personal data is encrypted by a customer managed key',
  severity: 'error',
  rationale:
    'Erasure, separation and the promise to customers all rest on a key that only you control.',
  remediation: "Set the resource's key to one of your own.",
  unsuppressible: true,
  controls: [
    ...afsbp('S3.17', 'RDS.3'),
    ...cis('3.2.1'),
    ...nist80053('SC-28'),
    ...hipaa('164.312(a)(2)(iv)'),
    ...iso27001('A.8.11', 'A.8.24'),
    ...gdpr('article_32'),
    ...soc2('pi_1_4'),
  ],
  check: graph((everything) =>
    everything
      .of('aws_s3_bucket', ...Object.keys(keyAttributes))
      .filter(isPersonal)
      .map((store) => {
        const configuration =
          store.type === 'aws_s3_bucket'
            ? companion(everything, store, 'aws_s3_bucket_server_side_encryption_configuration')
            : store;
        // AWS delivers access logs to no bucket whose default is a KMS key.
        if (receivesLogs(everything, store)) return { resource: store, verdict: notApplicable };
        const path =
          store.type === 'aws_s3_bucket'
            ? 'rule.apply_server_side_encryption_by_default.kms_master_key_id'
            : (keyAttributes[store.type] ?? '');
        return {
          resource: store,
          verdict: requires(configuration ?? {}, path, customerKey(everything)),
        };
      }),
  ),
};
