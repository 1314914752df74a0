import { nist80053, iso27001 } from '../../controls/frameworks.ts';
import { bucketArns } from '../../analysis/storage.ts';
import type { Graph } from '../../engine/graph.ts';
import { type Resource, blocksOf } from '../../engine/resource.ts';
import { type Judged, type Rule, graph } from '../../engine/rule.ts';
import { type Value, isKnown, textOf } from '../../engine/value.ts';
import { when } from '../../engine/verdict.ts';

/** Both must be known: a region that is not may be the same. */
function areDifferent(one: Value | undefined, other: Value | undefined): boolean {
  return (
    one !== undefined && other !== undefined && isKnown(one) && isKnown(other) && one !== other
  );
}

function isElsewhere(one: Resource, other: Resource): boolean {
  return one.account !== other.account || areDifferent(one.region, other.region);
}

function copies(everything: Graph): Judged[] {
  return everything.of('aws_backup_plan').flatMap((plan) =>
    plan.blocks('rule').flatMap((rule) => {
      const [from] = everything.referents(rule['target_vault_name'], 'aws_backup_vault');
      const to = blocksOf(rule, 'copy_action').flatMap((copy) =>
        everything.referents(
          copy['destination_vault_arn'],
          'aws_backup_vault',
          'aws_backup_logically_air_gapped_vault',
        ),
      );
      if (!from || to.length === 0) return [];
      return [
        {
          resource: plan,
          verdict: when(
            to.some((vault) => isElsewhere(from, vault)),
            `copies to ${to.map(({ address }) => address).join(', ')} beside it`,
            'a vault in another region or account',
          ),
        },
      ];
    }),
  );
}

function replicas(everything: Graph): Judged[] {
  return everything.of('aws_s3_bucket_replication_configuration').flatMap((replication) => {
    const [from] = everything.referents(replication.get('bucket'), 'aws_s3_bucket');
    const to = replication
      .blocks('rule.destination')
      .flatMap((destination) =>
        everything
          .of('aws_s3_bucket')
          .filter((bucket) => bucketArns(bucket).includes(textOf(destination['bucket']))),
      );
    if (!from || to.length === 0) return [];
    return [
      {
        resource: replication,
        verdict: when(
          to.every((bucket) => isElsewhere(from, bucket)),
          `replicates to ${to.map(({ address }) => address).join(', ')} beside it`,
          'a bucket in another region or account',
        ),
      },
    ];
  });
}

export const backupOffsiteInTruth: Rule = {
  id: 'backup-offsite-in-truth',
  title: 'Off-site copies lie in another region or account in truth',
  severity: 'error',
  rationale:
    'A copy in the same region and account burns, and is deleted, together with its original.',
  remediation: 'Point the copy at a vault or bucket of another region, or of another account.',
  controls: [...nist80053('CP-6a', 'CP-6(1)'), ...iso27001('A.8.14')],
  check: graph((everything) => [...copies(everything), ...replicas(everything)]),
};
