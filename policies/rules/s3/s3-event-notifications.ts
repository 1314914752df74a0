import { nist80053 } from '../../controls/frameworks.ts';
import { companion } from '../../analysis/companions.ts';
import { receivesLogs } from '../../analysis/storage.ts';
import { type Rule, resource } from '../../engine/rule.ts';
import { notApplicable, when } from '../../engine/verdict.ts';

const receivers = ['topic', 'queue', 'lambda_function'];

export const s3EventNotifications: Rule = {
  id: 's3-event-notifications',
  title: 'Buckets publish what happens to their objects',
  severity: 'note',
  rationale: 'A wave of deletions is noticed when something listens for it.',
  remediation:
    'Add an aws_s3_bucket_notification with eventbridge true, or with a queue, topic or function.',
  controls: [...nist80053('SI-4(2)')],
  check: resource('aws_s3_bucket', (bucket, everything) => {
    if (receivesLogs(everything, bucket)) return notApplicable;
    const notification = companion(everything, bucket, 'aws_s3_bucket_notification');
    const publishes =
      notification !== undefined &&
      (notification.get('eventbridge') === true ||
        receivers.some((name) => notification.blocks(name).length > 0));
    return when(publishes, 'no event is published', 'aws_s3_bucket_notification with a receiver');
  }),
};
