import { afsbp, nist80053, soc2 } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { jobs } from '../../analysis/jobs.ts';
import type { Graph } from '../../engine/graph.ts';
import { type Resource, blocksOf, pick } from '../../engine/resource.ts';
import { type Judged, type Rule, graph } from '../../engine/rule.ts';
import { when } from '../../engine/verdict.ts';

/** In days; undefined when the rule keeps for ever. */
function lockDays(configuration: Resource): number | undefined {
  const [rule] = configuration.blocks('rule.default_retention');
  if (!rule) return undefined;
  return Number(rule['days'] ?? Number(rule['years'] ?? 0) * 365);
}

const dayMs = 86_400_000;

function agentLocks(everything: Graph): Judged[] {
  return jobs(everything).flatMap((job) => {
    const needed = Math.ceil((job.keepMs + job.chainMs) / dayMs);
    return everything.referents([...job.repositories], 'aws_s3_bucket').map((bucket) => {
      const configuration = companion(
        everything,
        bucket,
        'aws_s3_bucket_object_lock_configuration',
      );
      const days = configuration && lockDays(configuration);
      if (days === undefined)
        return {
          resource: bucket,
          verdict: when(
            job.locked,
            `${job.name} sets no objectLock`,
            'objectLock in the repository, or a default retention',
          ),
        };
      return {
        resource: bucket,
        verdict: when(
          days >= needed,
          `locked ${days} days, ${job.name} needs ${needed}`,
          `at least ${needed} days`,
        ),
      };
    });
  });
}

function vaultLocks(everything: Graph): Judged[] {
  return everything.of('aws_backup_vault_lock_configuration').flatMap((lock) => {
    const vaults = everything.referents(lock.get('backup_vault_name'), 'aws_backup_vault');
    const rules = everything.of('aws_backup_plan').flatMap((plan) =>
      plan.blocks('rule').flatMap((rule) => [
        { vault: rule['target_vault_name'], rule },
        ...blocksOf(rule, 'copy_action').map((copy) => ({
          vault: copy['destination_vault_arn'],
          rule: copy,
        })),
      ]),
    );
    const kept = rules
      .filter(({ vault }) =>
        everything.referents(vault, 'aws_backup_vault').some((one) => vaults.includes(one)),
      )
      .map(({ rule }) => Number(pick(rule, 'lifecycle.delete_after') ?? Number.POSITIVE_INFINITY));
    const shortest = Number(lock.get('min_retention_days') ?? 0);
    const longest = Number(lock.get('max_retention_days') ?? Number.POSITIVE_INFINITY);
    const wrong = kept.find((days) => days < shortest || days > longest);
    return [
      {
        resource: lock,
        verdict: when(
          wrong === undefined,
          `a plan keeps ${wrong} days, the lock allows ${shortest} to ${longest}`,
          'every plan within the lock',
        ),
      },
    ];
  });
}

export const backupLockCoversRetention: Rule = {
  id: 'backup-lock-covers-retention',
  title: 'Locks hold as long as backups are kept, with the longest chain',
  severity: 'error',
  rationale:
    'A full that unlocks before its last incremental expires can be deleted, and the chain with it.',
  remediation:
    'Lengthen the lock, shorten the retention, or leave the lock to the agent, which computes it for each object.',
  controls: [...afsbp('S3.15'), ...nist80053('CP-9d', 'SI-12'), ...soc2('pi_1_5')],
  check: graph((everything) => [...agentLocks(everything), ...vaultLocks(everything)]),
};
