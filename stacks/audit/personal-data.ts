import { Macie2Account } from '@cdktf/provider-aws/lib/macie2-account/index.js';
import { Macie2ClassificationJob } from '@cdktf/provider-aws/lib/macie2-classification-job/index.js';
import { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';

/**
 * Macie over the attachments: every week it reads what is new and reports which personal data it found.
 * Off-site copies hold the same and are not read a second time.
 */
export class PersonalData extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const stack = stackOf(this);
    const account = new Macie2Account(this, 'macie', {
      findingPublishingFrequency: 'FIFTEEN_MINUTES',
      status: 'ENABLED',
    });
    new Macie2ClassificationJob(this, 'attachments', {
      name: stack.named('audit-attachments'),
      description: 'Looks for personal data in the attachments',
      jobType: 'SCHEDULED',
      initialRun: true,
      samplingPercentage: 100,
      scheduleFrequency: { weeklySchedule: 'MONDAY' },
      s3JobDefinition: {
        // By name, not by reference: the job may stand before the bucket does.
        bucketCriteria: {
          includes: {
            and: [
              {
                simpleCriterion: {
                  comparator: 'EQ',
                  key: 'S3_BUCKET_NAME',
                  values: [`${stack.named('attachments')}-${stack.environment.account}`],
                },
              },
            ],
          },
        },
      },
      dependsOn: [account],
    });
  }
}
