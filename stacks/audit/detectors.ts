import { GuarddutyDetectorFeature } from '@cdktf/provider-aws/lib/guardduty-detector-feature/index.js';
import { GuarddutyDetector } from '@cdktf/provider-aws/lib/guardduty-detector/index.js';
import { Inspector2Enabler } from '@cdktf/provider-aws/lib/inspector2-enabler/index.js';
import { SecurityhubAccount } from '@cdktf/provider-aws/lib/securityhub-account/index.js';
import { SecurityhubFindingAggregator } from '@cdktf/provider-aws/lib/securityhub-finding-aggregator/index.js';
import { SecurityhubStandardsSubscription } from '@cdktf/provider-aws/lib/securityhub-standards-subscription/index.js';
import { Construct } from 'constructs';
import { isRunCentrally } from '../../contracts/environment/central-services.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { watchedRegions, type WatchedRegion } from './region.ts';

/** What GuardDuty looks at besides calls, flows and names; what the account does not use costs nothing. */
const features = [
  'S3_DATA_EVENTS',
  'RDS_LOGIN_EVENTS',
  'EBS_MALWARE_PROTECTION',
  'EKS_AUDIT_LOGS',
  'LAMBDA_NETWORK_LOGS',
] as const;

/** By their paths in ARNs. */
const standards = {
  foundational: 'aws-foundational-security-best-practices/v/1.0.0',
  cis: 'cis-aws-foundations-benchmark/v/3.0.0',
} as const;

/** GuardDuty, Security Hub and Inspector in both regions, but what the organization runs. */
export class Detectors extends Construct {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const { environment } = stackOf(this);
    for (const region of watchedRegions(stackOf(this))) {
      if (!isRunCentrally(environment, 'guardduty')) this.#guardDuty(region);
      if (!isRunCentrally(environment, 'securityhub')) this.#securityHub(region);
      if (!isRunCentrally(environment, 'inspector'))
        new Inspector2Enabler(this, `${region.id}-inspector`, {
          ...region.on,
          accountIds: [region.account],
          resourceTypes: ['EC2', 'ECR', 'LAMBDA'],
        });
    }
  }

  #guardDuty({ id, on }: WatchedRegion): void {
    const detector = new GuarddutyDetector(this, `${id}-guardduty`, {
      ...on,
      enable: true,
      findingPublishingFrequency: 'FIFTEEN_MINUTES',
    });
    for (const name of features)
      new GuarddutyDetectorFeature(this, `${id}-${name.toLowerCase().replaceAll('_', '-')}`, {
        ...on,
        detectorId: detector.id,
        name,
        status: 'ENABLED',
      });
    if (stackOf(this).environment.turnedOff.includes('guardduty-runtime')) return;
    new GuarddutyDetectorFeature(this, `${id}-runtime-monitoring`, {
      ...on,
      detectorId: detector.id,
      name: 'RUNTIME_MONITORING',
      status: 'ENABLED',
      additionalConfiguration: [
        { name: 'ECS_FARGATE_AGENT_MANAGEMENT', status: 'ENABLED' },
        { name: 'EC2_AGENT_MANAGEMENT', status: 'ENABLED' },
        { name: 'EKS_ADDON_MANAGEMENT', status: 'ENABLED' },
      ],
    });
  }

  #securityHub({ id, name, on }: WatchedRegion): void {
    const stack = stackOf(this);
    const hub = new SecurityhubAccount(this, `${id}-securityhub`, {
      ...on,
      enableDefaultStandards: false,
      autoEnableControls: true,
      controlFindingGenerator: 'SECURITY_CONTROL',
    });
    for (const [standard, path] of Object.entries(standards))
      new SecurityhubStandardsSubscription(this, `${id}-standard-${standard}`, {
        ...on,
        standardsArn: stack.arn('securityhub', `standards/${path}`, { region: name, account: '' }),
        dependsOn: [hub],
      });
    // Another account's hub gathers its own; its findings come as events.
    if (id === 'home' && stack.offsiteAccount === stack.environment.account)
      new SecurityhubFindingAggregator(this, 'all-findings', {
        linkingMode: 'SPECIFIED_REGIONS',
        specifiedRegions: [stack.environment.offsite.region],
        dependsOn: [hub],
      });
  }
}
