import { afsbp, nist80053, soc2 } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { repositories } from '../../analysis/storage.ts';
import { type Rule, graph } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

export const backupRepositoryLocked: Rule = {
  id: 'backup-repository-locked',
  title: 'Buckets that keep backups lock their objects',
  severity: 'error',
  rationale:
    'Without Object Lock whoever takes over the account deletes the backups with everything else.',
  remediation:
    "Set object_lock_enabled when the bucket is made, keep versions, and set objectLock in the agent's repository.",
  controls: [...afsbp('S3.15'), ...nist80053('CP-9d'), ...soc2('pi_1_5')],
  check: graph((everything) =>
    repositories(everything).map((bucket) => {
      const configured = companion(everything, bucket, 'aws_s3_bucket_object_lock_configuration');
      const locks =
        bucket.get('object_lock_enabled') === true ||
        configured?.get('object_lock_enabled') === 'Enabled';
      const versions =
        companion(everything, bucket, 'aws_s3_bucket_versioning')?.get(
          'versioning_configuration.status',
        ) === 'Enabled';
      return {
        resource: bucket,
        verdict: when(
          locks && versions,
          locks ? 'it keeps no versions' : 'Object Lock is off',
          'Object Lock and versions',
        ),
      };
    }),
  ),
};
