import { EcrLifecyclePolicy } from '@cdktf/provider-aws/lib/ecr-lifecycle-policy/index.js';
import { EcrRegistryPolicy } from '@cdktf/provider-aws/lib/ecr-registry-policy/index.js';
import { EcrReplicationConfiguration } from '@cdktf/provider-aws/lib/ecr-replication-configuration/index.js';
import { EcrRepository } from '@cdktf/provider-aws/lib/ecr-repository/index.js';
import type { Construct } from 'constructs';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument } from '../lib/policy-document.ts';
import type { Site } from './site.ts';

/** What is kept of images: all that a rollback may want. */
const keptImages = 30;
const untaggedDays = 14;

export const imageNames = ['agent', 'drill-sandbox'] as const;
export type ImageName = (typeof imageNames)[number];

/** Repositories of one site, by image. */
export type Images = Readonly<Record<ImageName, EcrRepository>>;

/**
 * The repositories of a site's images: tags stay where they are, every image is scanned, old ones go.
 * Off-site ones are made before the first copy arrives; ECR would make them with moving tags and no key.
 */
export function imageRepositories(site: Site): Images {
  const stack = stackOf(site);
  const entries = imageNames.map((name) => {
    const repository = new EcrRepository(site, `${name}-images`, {
      ...site.on,
      name: stack.named(name),
      imageTagMutability: 'IMMUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: [{ encryptionType: 'KMS', kmsKey: site.key.arn }],
      forceDelete: !stack.environment.data.preventDestroy,
    });
    new EcrLifecyclePolicy(site, `${name}-images-lifecycle`, {
      ...site.on,
      repository: repository.name,
      policy: JSON.stringify({ rules: lifecycle }),
    });
    return [name, repository] as const;
  });
  return Object.fromEntries(entries) as Record<ImageName, EcrRepository>;
}

const lifecycle = [
  {
    rulePriority: 1,
    description: 'What lost its tag',
    selection: {
      tagStatus: 'untagged',
      countType: 'sinceImagePushed',
      countUnit: 'days',
      countNumber: untaggedDays,
    },
    action: { type: 'expire' },
  },
  {
    rulePriority: 2,
    description: 'All but the newest',
    selection: { tagStatus: 'any', countType: 'imageCountMoreThan', countNumber: keptImages },
    action: { type: 'expire' },
  },
];

/** Copies every pushed image off-site, where drills pull it. An account has one such configuration. */
export function replicateImages(scope: Construct, home: Site, offsite: Site): void {
  const stack = stackOf(scope);
  if (offsite.account !== home.account)
    new EcrRegistryPolicy(scope, 'accept-images', {
      ...offsite.on,
      policy: policyDocument({
        sid: 'AcceptImages',
        principal: { AWS: stack.arn('iam', 'root', { region: '' }) },
        actions: ['ecr:ReplicateImage'],
        resources: [offsite.arn('ecr', `repository/${stack.named('*')}`)],
      }),
    });
  new EcrReplicationConfiguration(scope, 'copy-images', {
    replicationConfiguration: {
      rule: [
        {
          destination: [{ region: offsite.region, registryId: offsite.account }],
          repositoryFilter: imageNames.map((name) => ({
            filter: stack.named(name),
            filterType: 'PREFIX_MATCH',
          })),
        },
      ],
    },
  });
}
