import type { CentralService } from '../../contracts/environment/central-services.ts';

/** How serious a finding is, in the words or numbers of its service. */
export interface Severity {
  /** Mailed at once. */
  readonly urgent: object;
  /** Mailed to the security contact. */
  readonly routine: object;
}

/** Findings of one service as EventBridge events, and how people read them. */
export interface FindingSource {
  /** Left out where the organization runs it. */
  readonly service?: CentralService;
  readonly source: string;
  readonly detailType: string;
  /** Both severities as patterns of the event's `detail`. */
  readonly severity: Severity;
  /** JSON paths of what the message names. */
  readonly paths: Readonly<Record<string, string>>;
  /** The message's lines; `<name>` stands for a path of that name. */
  readonly lines: readonly string[];
}

/** What every event tells. */
const everywhere = { account: '$.account', region: '$.region', time: '$.time' };
const place = 'Where: account <account>, region <region>, at <time>.';

/** From 7.0 GuardDuty calls a finding high, from 4.0 medium. */
const guardDuty: FindingSource = {
  service: 'guardduty',
  source: 'aws.guardduty',
  detailType: 'GuardDuty Finding',
  severity: {
    urgent: { severity: [{ numeric: ['>=', 7] }] },
    routine: { severity: [{ numeric: ['>=', 4, '<', 7] }] },
  },
  paths: {
    ...everywhere,
    severity: '$.detail.severity',
    type: '$.detail.type',
    title: '$.detail.title',
    kind: '$.detail.resource.resourceType',
    id: '$.detail.id',
  },
  lines: [
    'GuardDuty, severity <severity> of 10: <title>',
    'What: <type>, about a resource of kind <kind>.',
    place,
    'Look at finding <id> in the GuardDuty console; docs/stacks/audit.md tells how to isolate what is affected.',
  ],
};

/** Security Hub's own findings: controls of the standards that fail. Others come from their services. */
const securityHub: FindingSource = {
  service: 'securityhub',
  source: 'aws.securityhub',
  detailType: 'Security Hub Findings - Imported',
  severity: {
    urgent: controls(['CRITICAL', 'HIGH']),
    routine: controls(['MEDIUM']),
  },
  paths: {
    ...everywhere,
    severity: '$.detail.findings[0].Severity.Label',
    title: '$.detail.findings[0].Title',
    resource: '$.detail.findings[0].Resources[0].Id',
    fix: '$.detail.findings[0].Remediation.Recommendation.Url',
  },
  lines: ['Security Hub, <severity>: <title>', 'What: <resource>', place, 'How to mend it: <fix>'],
};

function controls(labels: readonly string[]): object {
  return {
    findings: {
      ProductName: ['Security Hub'],
      Compliance: { Status: ['FAILED'] },
      RecordState: ['ACTIVE'],
      Workflow: { Status: ['NEW'] },
      Severity: { Label: labels },
    },
  };
}

const inspector: FindingSource = {
  service: 'inspector',
  source: 'aws.inspector2',
  detailType: 'Inspector2 Finding',
  severity: {
    urgent: { status: ['ACTIVE'], severity: ['CRITICAL'] },
    routine: { status: ['ACTIVE'], severity: ['HIGH'] },
  },
  paths: {
    ...everywhere,
    severity: '$.detail.severity',
    title: '$.detail.title',
    resource: '$.detail.resources[0].id',
    fix: '$.detail.remediation.recommendation.text',
  },
  lines: [
    'Inspector, <severity>: <title>',
    'What: <resource>',
    place,
    'How to mend it: <fix>; where an image has it, build and deploy a new one.',
  ],
};

const macie: FindingSource = {
  service: 'macie',
  source: 'aws.macie',
  detailType: 'Macie Finding',
  severity: {
    urgent: { severity: { description: ['High'] }, category: ['POLICY'] },
    routine: {
      $or: [
        { severity: { description: ['Low', 'Medium'] }, category: ['POLICY'] },
        { severity: { description: ['High', 'Medium'] }, category: ['CLASSIFICATION'] },
      ],
    },
  },
  paths: {
    ...everywhere,
    severity: '$.detail.severity.description',
    title: '$.detail.title',
    bucket: '$.detail.resourcesAffected.s3Bucket.name',
    id: '$.detail.id',
  },
  lines: [
    'Macie, <severity>: <title>',
    'What: bucket <bucket>',
    place,
    'Look at finding <id> in the Macie console: it names the objects and the kinds of personal data.',
  ],
};

const accessAnalyzer: FindingSource = {
  service: 'access-analyzer',
  source: 'aws.access-analyzer',
  detailType: 'Access Analyzer Finding',
  severity: {
    urgent: { status: ['ACTIVE'], isPublic: [true] },
    routine: { status: ['ACTIVE'], isPublic: [false] },
  },
  paths: {
    ...everywhere,
    resource: '$.detail.resource',
    kind: '$.detail.resourceType',
    open: '$.detail.isPublic',
    id: '$.detail.id',
  },
  lines: [
    'IAM Access Analyzer: <resource> can be reached from outside of the account (by everybody: <open>)',
    'What: a resource of kind <kind>.',
    place,
    'Look at finding <id>: remove the access where nobody meant it, archive the finding where somebody did.',
  ],
};

const guardRules: FindingSource = {
  service: 'config',
  source: 'aws.config',
  detailType: 'Config Rules Compliance Change',
  severity: {
    urgent: {
      messageType: ['ComplianceChangeNotification'],
      configRuleName: [{ wildcard: '*-audit-*' }],
      newEvaluationResult: { complianceType: ['NON_COMPLIANT'] },
    },
    routine: {
      messageType: ['ComplianceChangeNotification'],
      configRuleName: [{ 'anything-but': { wildcard: ['*-audit-*', 'securityhub-*'] } }],
      newEvaluationResult: { complianceType: ['NON_COMPLIANT'] },
    },
  },
  paths: {
    ...everywhere,
    rule: '$.detail.configRuleName',
    kind: '$.detail.resourceType',
    resource: '$.detail.resourceId',
  },
  lines: [
    'AWS Config: <resource> no longer keeps to the rule <rule>',
    'What: a resource of kind <kind>.',
    place,
    "The resource's timeline in the Config console shows what changed, when and by whom.",
  ],
};

/** The account's health as AWS tells it: abuse reports, leaked keys, forced maintenance. */
const health: FindingSource = {
  source: 'aws.health',
  detailType: 'AWS Health Event',
  severity: {
    urgent: { service: ['ABUSE', 'RISK'] },
    routine: {
      service: [{ 'anything-but': ['ABUSE', 'RISK'] }],
      eventTypeCategory: ['issue', 'scheduledChange'],
    },
  },
  paths: {
    ...everywhere,
    service: '$.detail.service',
    type: '$.detail.eventTypeCode',
    text: '$.detail.eventDescription[0].latestDescription',
  },
  lines: ['AWS Health, <service>: <type>', place, 'AWS says: <text>'],
};

/** The keys stand in the rules' names. */
export const findingSources: Readonly<Record<string, FindingSource>> = {
  guardduty: guardDuty,
  securityhub: securityHub,
  inspector,
  macie,
  'access-analyzer': accessAnalyzer,
  'config-rules': guardRules,
  health,
};
