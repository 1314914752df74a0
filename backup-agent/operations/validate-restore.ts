import type { AssertionReport } from '../drills/assertion.ts';
import { assertRunning } from '../drills/assert-running.ts';
import { HoldfastError, isHoldfastError } from '../errors/holdfast-error.ts';
import type { Agent } from './agent.ts';
import type { AwsBackup, RestoredResource, Validation } from './aws-backup.ts';

export interface ValidationRequest {
  readonly job: string;
  readonly restoreJob: string;
  /** Where the restored server is, when its name does not follow from the source's. */
  readonly host?: string;
}

export interface ValidationOutcome extends Validation {
  readonly job: string;
  readonly restoreJob: string;
  readonly host: string;
  readonly reports: readonly AssertionReport[];
}

/**
 * Runs a drill's assertions on the instance that AWS Backup restored, and tells it what came out. A server
 * that cannot be reached is a finding: it was restored, and is of no use. What hinders the validation
 * itself is an error, and AWS Backup's own window then ends without a result.
 */
export async function validateRestore(
  agent: Agent,
  aws: AwsBackup,
  request: ValidationRequest,
): Promise<ValidationOutcome> {
  const { job, restoreJob } = request;
  const restored = await aws.restored(restoreJob);
  const source = await agent.postgresSetup(job);
  const host = request.host ?? restoredHost(source.target.host, restored);
  const { target } = await agent.postgresSetup(job, { host });
  const probes = agent.job(job).drill?.probes ?? [];
  const { validation, reports } = await judged(() =>
    assertRunning({ target, probes, signal: agent.signal }),
  );
  await aws.tell(restoreJob, validation);
  return { job, restoreJob, host, reports, ...validation };
}

/**
 * The name of a restored instance: its identifier, then what all of an account's instances in a region
 * have in common.
 */
export function restoredHost(sourceHost: string, { arn, type }: RestoredResource): string {
  const [, identifier] = /:rds:[^:]+:\d+:db:([a-z][a-z0-9-]*)$/.exec(arn) ?? [];
  const [, common] = /^[^.]+\.(.+\.rds\.amazonaws\..+)$/.exec(sourceHost) ?? [];
  if (identifier !== undefined && common !== undefined) return `${identifier}.${common}`;
  throw new HoldfastError(
    'usage-invalid',
    identifier === undefined
      ? `${arn} (${type}) is no database instance of RDS`
      : `the name of ${identifier} does not follow from ${sourceHost}`,
    { hint: 'name the server with --host' },
  );
}

async function judged(
  assert: () => Promise<AssertionReport[]>,
): Promise<{ validation: Validation; reports: readonly AssertionReport[] }> {
  try {
    const reports = await assert();
    return { reports, validation: judgement(reports) };
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    return { reports: [], validation: { status: 'FAILED', message: error.message } };
  }
}

/** Numbers, no names: AWS keeps the message outside of what we encrypt. */
function judgement(reports: readonly AssertionReport[]): Validation {
  const failed = reports.some(({ assertion }) => assertion.outcome === 'failed');
  const message = reports
    .map(({ assertion }) => `${assertion.name}: ${assertion.outcome} (${assertion.summary})`)
    .join('; ');
  return { status: failed ? 'FAILED' : 'SUCCESSFUL', message };
}
