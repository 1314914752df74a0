import { SecretsmanagerSecretPolicy } from '@cdktf/provider-aws/lib/secretsmanager-secret-policy/index.js';
import { SecretsmanagerSecret } from '@cdktf/provider-aws/lib/secretsmanager-secret/index.js';
import { CustomerKey } from '../constructs/customer-key.ts';
import { breakGlassRole } from '../identity/boundaries.ts';
import { stackOf } from '../lib/environment-stack.ts';
import { policyDocument } from '../lib/policy-document.ts';
import { starterArn } from './roles.ts';
import type { Site } from './site.ts';
import { taskKinds, type SecretName, type TaskKind } from './task-kinds.ts';

const descriptions: Readonly<Record<SecretName, string>> = {
  'writer-key': 'Signs backups',
  'copier-key': 'Signs copies',
  'pruner-key': 'Signs what is pruned',
  'curator-key': 'Signs holds, releases and erasures',
  'drill-key': 'Signs the evidence of drills',
  'metadata-identity': "Opens the backups' indexes, never their contents",
  'recovery-identity': 'Opens the contents of backups',
  'target-password': 'Signs in to the server that a restore fills',
};

export interface AgentSecret {
  readonly arn: string;
  readonly key: CustomerKey;
}
export type AgentSecrets = ReadonlyMap<SecretName, AgentSecret>;

/**
 * The secrets of a site's tasks: empty ones, which people fill by hand, for Terraform's state must not
 * hold them. Only the roles that start a task of the right kind read one, whatever others' policies say.
 */
export function agentSecrets(site: Site): AgentSecrets {
  const readers = readersAt(site);
  return new Map([...readers].map(([name, roles]) => [name, secret(site, name, roles)]));
}

/** The roles that read each secret of the site. */
function readersAt(site: Site): Map<SecretName, string[]> {
  const stack = stackOf(site);
  const readers = new Map<SecretName, string[]>();
  for (const { duty, secrets } of Object.values<TaskKind>(taskKinds)) {
    const { arn, offsite } = starterArn(stack, duty);
    if (offsite !== site.offsite) continue;
    for (const name of secrets) readers.set(name, [...(readers.get(name) ?? []), arn]);
  }
  return readers;
}

function secret(site: Site, name: SecretName, readers: readonly string[]): AgentSecret {
  const stack = stackOf(site);
  const { preventDestroy } = stack.environment.data;
  // The identity opens everything: whoever may use the other key has no way to it.
  const key =
    name === 'recovery-identity'
      ? new CustomerKey(site, 'identity', {
          ...site.on,
          offsite: site.offsite,
          description: 'Encrypts the recovery identity',
          viaServices: ['secretsmanager'],
        })
      : site.key;
  const made = new SecretsmanagerSecret(site, name, {
    ...site.on,
    name: `${stack.named('agent')}/${name}`,
    description: descriptions[name],
    kmsKeyId: key.arn,
    recoveryWindowInDays: preventDestroy ? 30 : 7,
    lifecycle: { preventDestroy },
  });
  new SecretsmanagerSecretPolicy(site, `${name}-policy`, {
    ...site.on,
    secretArn: made.arn,
    policy: policyDocument({
      sid: 'DenyReadingByOthers',
      effect: 'Deny',
      principal: '*',
      actions: ['secretsmanager:BatchGetSecretValue', 'secretsmanager:GetSecretValue'],
      resources: ['*'],
      conditions: {
        ArnNotEquals: { 'aws:PrincipalArn': [...readers, breakGlassRole(stack)] },
      },
    }),
  });
  return { arn: made.arn, key };
}
