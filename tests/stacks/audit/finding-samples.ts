/** An event as EventBridge hands it out. */
export type FindingEvent = Readonly<Record<string, unknown>>;

export interface FindingSamples {
  readonly urgent: readonly FindingEvent[];
  readonly routine: readonly FindingEvent[];
  /** What nobody is mailed. */
  readonly quiet: readonly FindingEvent[];
}

function event(source: string, detailType: string, detail: object): FindingEvent {
  return {
    version: '0',
    id: '11111111-2222-4333-8444-555555555555',
    source,
    'detail-type': detailType,
    account: '111122223333',
    region: 'eu-west-1',
    time: '2026-11-27T03:14:15Z',
    resources: [],
    detail,
  };
}

const guardDuty = (severity: number) =>
  event('aws.guardduty', 'GuardDuty Finding', {
    id: 'abcdef0123',
    severity,
    type: 'UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS',
    title: 'Credentials of a role are used from outside of AWS.',
    resource: { resourceType: 'AccessKey' },
  });

const control = (label: string, over: object = {}) =>
  event('aws.securityhub', 'Security Hub Findings - Imported', {
    findings: [
      {
        ProductName: 'Security Hub',
        Title: 'S3 general purpose buckets should block public access',
        Severity: { Label: label },
        Compliance: { Status: 'FAILED' },
        RecordState: 'ACTIVE',
        Workflow: { Status: 'NEW' },
        Resources: [{ Id: 'arn:aws:s3:::crm' }],
        Remediation: { Recommendation: { Url: 'https://docs.aws.amazon.com/console/S3.8' } },
        ...over,
      },
    ],
  });

const inspector = (severity: string, status = 'ACTIVE') =>
  event('aws.inspector2', 'Inspector2 Finding', {
    severity,
    status,
    title: 'CVE-2026-0001 - openssl',
    resources: [{ id: 'arn:aws:ecr:eu-central-1:111122223333:repository/crm/sha256:0a1b' }],
    remediation: { recommendation: { text: 'Update openssl to 3.6.1' } },
  });

const macie = (description: string, category: string) =>
  event('aws.macie', 'Macie Finding', {
    id: 'fedcba',
    title: 'The S3 object contains personal information.',
    severity: { score: 3, description },
    category,
    resourcesAffected: { s3Bucket: { name: 'holdfast-production-attachments-111122223333' } },
  });

const analyzer = (isPublic: boolean, status = 'ACTIVE') =>
  event('aws.access-analyzer', 'Access Analyzer Finding', {
    id: '0f1e2d',
    status,
    isPublic,
    resource: 'arn:aws:s3:::crm',
    resourceType: 'AWS::S3::Bucket',
  });

const compliance = (configRuleName: string, complianceType = 'NON_COMPLIANT') =>
  event('aws.config', 'Config Rules Compliance Change', {
    messageType: 'ComplianceChangeNotification',
    configRuleName,
    resourceType: 'AWS::CloudTrail::Trail',
    resourceId: 'holdfast-production-audit',
    newEvaluationResult: { complianceType },
  });

const health = (service: string, eventTypeCategory: string) =>
  event('aws.health', 'AWS Health Event', {
    service,
    eventTypeCategory,
    eventTypeCode: `AWS_${service}_NOTICE`,
    eventDescription: [{ language: 'en_US', latestDescription: 'A text of AWS.' }],
  });

/** Events by source, after the examples in each service's documentation. */
export const findingSamples: Readonly<Record<string, FindingSamples>> = {
  guardduty: {
    urgent: [guardDuty(8), guardDuty(7), guardDuty(9.5)],
    routine: [guardDuty(4), guardDuty(6.9)],
    quiet: [guardDuty(2)],
  },
  securityhub: {
    urgent: [control('CRITICAL'), control('HIGH')],
    routine: [control('MEDIUM')],
    quiet: [
      control('LOW'),
      control('HIGH', { Compliance: { Status: 'PASSED' } }),
      control('HIGH', { Workflow: { Status: 'SUPPRESSED' } }),
      control('HIGH', { RecordState: 'ARCHIVED' }),
      // Its own rule tells of it.
      control('HIGH', { ProductName: 'GuardDuty' }),
    ],
  },
  inspector: {
    urgent: [inspector('CRITICAL')],
    routine: [inspector('HIGH')],
    quiet: [inspector('MEDIUM'), inspector('CRITICAL', 'CLOSED')],
  },
  macie: {
    urgent: [macie('High', 'POLICY')],
    routine: [macie('Medium', 'POLICY'), macie('High', 'CLASSIFICATION')],
    quiet: [macie('Low', 'CLASSIFICATION')],
  },
  'access-analyzer': {
    urgent: [analyzer(true)],
    routine: [analyzer(false)],
    quiet: [analyzer(true, 'RESOLVED')],
  },
  'config-rules': {
    urgent: [compliance('holdfast-production-audit-multi-region-cloud-trail-enabled')],
    routine: [compliance('vpc-flow-logs-enabled-conformance-pack-abc')],
    quiet: [
      compliance('holdfast-production-audit-multi-region-cloud-trail-enabled', 'COMPLIANT'),
      // Security Hub tells of its own.
      compliance('securityhub-s3-bucket-ssl-requests-only-0a1b2c3d'),
    ],
  },
  health: {
    urgent: [health('ABUSE', 'issue'), health('RISK', 'accountNotification')],
    routine: [health('RDS', 'scheduledChange'), health('S3', 'issue')],
    quiet: [health('RDS', 'accountNotification')],
  },
};
