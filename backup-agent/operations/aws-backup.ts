import type { BackupClientConfig } from '@aws-sdk/client-backup';
import { HoldfastError } from '../errors/holdfast-error.ts';

/** What AWS Backup restored, as it says itself. */
export interface RestoredResource {
  readonly restoreJob: string;
  /** ARN of what was made. */
  readonly arn: string;
  /** `RDS`, `S3`, `EFS` … */
  readonly type: string;
}

export interface Validation {
  readonly status: 'SUCCESSFUL' | 'FAILED';
  readonly message: string;
}

/** The part of AWS Backup that validates restores. */
export interface AwsBackup extends AsyncDisposable {
  /** Throws `aws-backup-refused` when there is no such job, or when it has not completed. */
  restored(restoreJob: string): Promise<RestoredResource>;
  /** Tells what came out; AWS Backup keeps it with the job, and deletes what it restored. */
  tell(restoreJob: string, validation: Validation): Promise<void>;
}

/** As long as a message may be. */
const longestMessage = 1024;

/** Region, endpoint and credentials: left out, as the AWS SDK finds them. */
export async function openAwsBackup(
  signal: AbortSignal,
  config: BackupClientConfig = {},
): Promise<AwsBackup> {
  const { BackupClient, DescribeRestoreJobCommand, PutRestoreValidationResultCommand } =
    await import('@aws-sdk/client-backup');
  const client = new BackupClient(config);
  const sending = { abortSignal: signal };
  return {
    async restored(restoreJob) {
      const job = await asking(restoreJob, signal, () =>
        client.send(new DescribeRestoreJobCommand({ RestoreJobId: restoreJob }), sending),
      );
      if (job.Status !== 'COMPLETED' || job.CreatedResourceArn === undefined)
        throw new HoldfastError(
          'aws-backup-refused',
          `restore job ${restoreJob} is ${job.Status ?? 'of no known state'}, not COMPLETED`,
        );
      return { restoreJob, arn: job.CreatedResourceArn, type: job.ResourceType ?? 'unknown' };
    },
    async tell(restoreJob, { status, message }) {
      await asking(restoreJob, signal, () =>
        client.send(
          new PutRestoreValidationResultCommand({
            RestoreJobId: restoreJob,
            ValidationStatus: status,
            ValidationStatusMessage: message.slice(0, longestMessage),
          }),
          sending,
        ),
      );
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
    },
  };
}

async function asking<Answer>(
  restoreJob: string,
  signal: AbortSignal,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof Error ? cause.name : 'failed';
    throw new HoldfastError(
      'aws-backup-refused',
      `AWS Backup did not answer for restore job ${restoreJob}: ${reason}`,
      { cause },
    );
  }
}
