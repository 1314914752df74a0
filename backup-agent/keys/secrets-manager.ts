import type { SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';
import { HoldfastError } from '../errors/holdfast-error.ts';

export interface SecretsManagerOptions {
  /** Name or ARN. */
  readonly secretId: string;
  /** Region, endpoint, credentials: left out, as the AWS SDK finds them. */
  readonly client?: SecretsManagerClientConfig;
  readonly signal?: AbortSignal;
}

/**
 * What a secret of AWS Secrets Manager holds now: an identity file, to be read by `readIdentities`.
 * Rejects with `config-secret-unavailable`, which names the secret and AWS's reason, never the value.
 * The SDK is loaded only when this is called.
 */
export async function identityFromSecretsManager(
  options: SecretsManagerOptions,
): Promise<Uint8Array> {
  const { secretId, client: config = {}, signal } = options;
  const { GetSecretValueCommand, SecretsManagerClient } =
    await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient(config);
  try {
    const command = new GetSecretValueCommand({ SecretId: secretId });
    const secret = await client.send(command, signal ? { abortSignal: signal } : {});
    const value = secret.SecretBinary ?? secret.SecretString;
    if (value === undefined) throw unavailable(secretId, 'holds no value');
    return typeof value === 'string' ? new TextEncoder().encode(value) : value;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof HoldfastError) throw error;
    throw unavailable(secretId, error instanceof Error ? error.name : 'failed', error);
  } finally {
    client.destroy();
  }
}

function unavailable(secretId: string, reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError(
    'config-secret-unavailable',
    `AWS Secrets Manager did not give ${secretId}: ${reason}`,
    { cause },
  );
}
