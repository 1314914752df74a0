import type { Statement } from '../../lib/policy-document.ts';
import type { AgentSecret } from '../agent-secrets.ts';
import type { Cluster } from '../cluster.ts';
import type { Site } from '../site.ts';
import { stackOf } from '../../lib/environment-stack.ts';

/** What ECS needs to start a task: its images, its secrets and its log, and nothing of the vaults. */
export function starterRights(
  site: Site,
  cluster: Cluster,
  imageArns: readonly string[],
  secrets: readonly AgentSecret[],
): Statement[] {
  return [
    { sid: 'SignInToImages', actions: ['ecr:GetAuthorizationToken'], resources: ['*'] },
    {
      sid: 'PullImages',
      actions: [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:GetDownloadUrlForLayer',
      ],
      resources: imageArns,
    },
    {
      sid: 'Log',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [`${cluster.logGroupArn}:*`],
    },
    ...(secrets.length > 0 ? secretRights(site, secrets) : []),
  ];
}

function secretRights(site: Site, secrets: readonly AgentSecret[]): Statement[] {
  const { domain } = stackOf(site).partition;
  const keys = [...new Set(secrets.map(({ key }) => key.arn))];
  return [
    {
      sid: 'ReadSecrets',
      actions: ['secretsmanager:GetSecretValue'],
      resources: secrets.map(({ arn }) => arn),
    },
    {
      sid: 'OpenSecrets',
      actions: ['kms:Decrypt'],
      resources: keys,
      conditions: {
        StringEquals: { 'kms:ViaService': `secretsmanager.${site.region}.${domain}` },
      },
    },
  ];
}
