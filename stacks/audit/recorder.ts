import { ConfigConfigRule } from '@cdktf/provider-aws/lib/config-config-rule/index.js';
import { ConfigConfigurationAggregator } from '@cdktf/provider-aws/lib/config-configuration-aggregator/index.js';
import { ConfigConfigurationRecorderStatus } from '@cdktf/provider-aws/lib/config-configuration-recorder-status/index.js';
import { ConfigConfigurationRecorder } from '@cdktf/provider-aws/lib/config-configuration-recorder/index.js';
import { ConfigConformancePack } from '@cdktf/provider-aws/lib/config-conformance-pack/index.js';
import { ConfigDeliveryChannel } from '@cdktf/provider-aws/lib/config-delivery-channel/index.js';
import { ConfigRetentionConfiguration } from '@cdktf/provider-aws/lib/config-retention-configuration/index.js';
import { IamServiceLinkedRole } from '@cdktf/provider-aws/lib/iam-service-linked-role/index.js';
import { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';
import { accountRules, conformancePacks, rootRules, type ManagedRule } from './managed-rules.ts';
import type { Records } from './records.ts';
import { watchedRegions, type WatchedRegion } from './region.ts';

/** Records every resource's every state in both regions, and judges it by AWS's managed rules. */
export class Recorder extends Construct {
  constructor(scope: Construct, id: string, records: Records) {
    super(scope, id);
    const stack = stackOf(this);
    const regions = watchedRegions(stack);
    for (const region of regions) this.#record(region, records);
    new ConfigConfigurationAggregator(this, 'all-regions', {
      name: stack.named('audit'),
      accountAggregationSource: {
        accountIds: [stack.environment.account],
        allRegions: true,
      },
    });
  }

  #record(region: WatchedRegion, records: Records): void {
    const stack = stackOf(this);
    const { id, account, on } = region;
    const name = stack.named(`audit-${id}`);
    const role = region.ownRoles
      ? new IamServiceLinkedRole(this, `${id}-role`, {
          ...on,
          awsServiceName: 'config.amazonaws.com',
          description: 'Lets AWS Config read the state of every resource',
        })
      : undefined;
    const recorder = new ConfigConfigurationRecorder(this, `${id}-recorder`, {
      ...on,
      name,
      roleArn: stack.arn(
        'iam',
        'role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig',
        {
          region: '',
          account,
        },
      ),
      recordingGroup: { allSupported: true, includeGlobalResourceTypes: true },
      recordingMode: { recordingFrequency: 'CONTINUOUS' },
      ...(role ? { dependsOn: [role] } : {}),
    });
    const channel = new ConfigDeliveryChannel(this, `${id}-channel`, {
      ...on,
      name,
      s3BucketName: records.configuration.bucket.id,
      s3KmsKeyArn: records.key.arn,
      snapshotDeliveryProperties: { deliveryFrequency: 'TwentyFour_Hours' },
      dependsOn: [recorder, records.configuration.policy],
    });
    const running = new ConfigConfigurationRecorderStatus(this, `${id}-running`, {
      ...on,
      name: recorder.name,
      isEnabled: true,
      dependsOn: [channel],
    });
    new ConfigRetentionConfiguration(this, `${id}-retention`, {
      ...on,
      retentionPeriodInDays: stack.environment.retention.configurationDays,
    });
    this.#judge(region, running);
  }

  #judge({ id, on }: WatchedRegion, running: ConfigConfigurationRecorderStatus): void {
    const stack = stackOf(this);
    const isHome = id === 'home';
    if (isHome)
      for (const rule of [...accountRules, ...(stack.partition.name === 'aws-cn' ? [] : rootRules)])
        new ConfigConfigRule(this, nameOf(rule), {
          ...on,
          name: stack.named(`audit-${nameOf(rule)}`),
          source: { owner: 'AWS', sourceIdentifier: rule.identifier },
          dependsOn: [running],
        });
    for (const [name, { everywhere, rules }] of Object.entries(conformancePacks))
      if (isHome || everywhere)
        new ConfigConformancePack(this, `${id}-${name}`, {
          ...on,
          name: stack.named(`audit-${name}`),
          templateBody: packTemplate(rules),
          dependsOn: [running],
        });
  }
}

const nameOf = ({ identifier }: ManagedRule): string =>
  identifier.toLowerCase().replaceAll('_', '-');

/** A conformance pack's template: CloudFormation, as JSON. */
function packTemplate(rules: readonly ManagedRule[]): string {
  const resources = rules.map((rule) => [
    rule.identifier.replaceAll('_', ''),
    {
      Type: 'AWS::Config::ConfigRule',
      Properties: {
        ConfigRuleName: nameOf(rule),
        Source: { Owner: 'AWS', SourceIdentifier: rule.identifier },
        ...(rule.parameters ? { InputParameters: rule.parameters } : {}),
      },
    },
  ]);
  return JSON.stringify({ Resources: Object.fromEntries(resources) });
}
