/** Calls that stop, delete or narrow one kind of what records and watches, and what they name. */
export interface Danger {
  readonly what: string;
  readonly resource: string;
  readonly actions: readonly string[];
}

const words = (text: string): string[] => text.trim().split(/\s+/);
const of = (service: string, names: string): string[] =>
  words(names).map((name) => `${service}:${name}`);

const home = 'eu-central-1:111122223333';
const prefix = 'holdfast-production-audit';
const iam = 'arn:aws:iam::111122223333';

/** Outside of the buckets, the key and the topics, whose own policies are judged with these. */
export const dangers: readonly Danger[] = [
  {
    what: 'the trail',
    resource: `arn:aws:cloudtrail:${home}:trail/${prefix}`,
    actions: of(
      'cloudtrail',
      'DeleteTrail PutEventSelectors PutInsightSelectors StopLogging UpdateTrail',
    ),
  },
  {
    what: 'the recorder',
    resource: `arn:aws:config:${home}:configuration-recorder/${prefix}-home/abcdefgh`,
    actions: of(
      'config',
      'DeleteConfigurationRecorder PutConfigurationRecorder StopConfigurationRecorder',
    ),
  },
  {
    what: 'where the recorder delivers, and for how long',
    resource: '*',
    actions: of(
      'config',
      'DeleteDeliveryChannel DeleteRetentionConfiguration PutDeliveryChannel PutRetentionConfiguration',
    ),
  },
  {
    what: "the recorder's rules",
    resource: `arn:aws:config:${home}:config-rule/config-rule-abcdef`,
    actions: of('config', 'DeleteConfigRule PutConfigRule'),
  },
  {
    what: 'the conformance packs',
    resource: `arn:aws:config:${home}:conformance-pack/${prefix}-data/conformance-pack-abcdefghi`,
    actions: of('config', 'DeleteConformancePack PutConformancePack'),
  },
  {
    what: 'GuardDuty',
    resource: `arn:aws:guardduty:${home}:detector/0123456789abcdef0123456789abcdef`,
    actions: of('guardduty', 'DeleteDetector UpdateDetector'),
  },
  {
    what: 'what GuardDuty keeps quiet about',
    resource: `arn:aws:guardduty:${home}:detector/0123456789abcdef0123456789abcdef/filter/quiet`,
    actions: of('guardduty', 'CreateFilter UpdateFilter'),
  },
  {
    what: 'whom GuardDuty trusts',
    resource: '*',
    actions: of('guardduty', 'CreateIPSet'),
  },
  {
    what: 'Security Hub',
    resource: `arn:aws:securityhub:${home}:hub/default`,
    actions: of(
      'securityhub',
      'BatchDisableStandards BatchUpdateFindings DisableSecurityHub UpdateStandardsControl',
    ),
  },
  { what: 'Inspector', resource: '*', actions: of('inspector2', 'Disable') },
  {
    what: "Inspector's view",
    resource: `arn:aws:inspector2:${home}:owner/111122223333/filter/abcdef`,
    actions: of('inspector2', 'CreateFilter'),
  },
  { what: 'Macie', resource: '*', actions: of('macie2', 'DisableMacie UpdateMacieSession') },
  {
    what: "Macie's job",
    resource: `arn:aws:macie2:${home}:classification-job/abcdef`,
    actions: of('macie2', 'UpdateClassificationJob'),
  },
  {
    what: 'Access Analyzer',
    resource: `arn:aws:access-analyzer:${home}:analyzer/holdfast-production-external-access`,
    actions: of('access-analyzer', 'DeleteAnalyzer'),
  },
  {
    what: 'the log group of the trail',
    resource: `arn:aws:logs:${home}:log-group:/holdfast/production/audit/trail`,
    actions: of(
      'logs',
      'DeleteLogGroup DeleteMetricFilter DeleteRetentionPolicy PutMetricFilter PutRetentionPolicy',
    ),
  },
  {
    what: 'a stream of the log group',
    resource: `arn:aws:logs:${home}:log-group:/holdfast/production/audit/trail:log-stream:one`,
    actions: of('logs', 'DeleteLogStream'),
  },
  {
    what: 'an alarm',
    resource: `arn:aws:cloudwatch:${home}:alarm:${prefix}-root-use`,
    actions: of('cloudwatch', 'DeleteAlarms DisableAlarmActions PutMetricAlarm SetAlarmState'),
  },
  {
    what: 'a role that records',
    resource: `${iam}:role/${prefix}/${prefix}-trail`,
    actions: of(
      'iam',
      `AttachRolePolicy DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy
       PutRolePermissionsBoundary PutRolePolicy UpdateAssumeRolePolicy`,
    ),
  },
  {
    what: "AWS Config's own role",
    resource: `${iam}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig`,
    actions: of('iam', 'DeleteServiceLinkedRole'),
  },
];

/** On a bucket of records. */
export const bucketActions = of(
  's3',
  `DeleteBucket DeleteBucketPolicy PutBucketAcl PutBucketLogging PutBucketNotification
   PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy
   PutBucketPublicAccessBlock PutBucketVersioning PutEncryptionConfiguration
   PutLifecycleConfiguration PutReplicationConfiguration`,
);

/** On a record. */
export const objectActions = of(
  's3',
  'BypassGovernanceRetention DeleteObject DeleteObjectVersion PutObjectLegalHold PutObjectRetention',
);

/** On the key of the records, and on that of the notices. */
export const keyActions = of('kms', 'DisableKey PutKeyPolicy ScheduleKeyDeletion');

/** On a topic. */
export const topicActions = of('sns', 'DeleteTopic SetTopicAttributes Subscribe');
