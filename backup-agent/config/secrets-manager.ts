import type { SecretsManagerClientConfig } from '@aws-sdk/client-secrets-manager';

export interface SecretsManagerOptions {
  /** Name or ARN. */
  readonly secretId: string;
  readonly region?: string | undefined;
  /** The secret is a JSON object, of which one text is meant. */
  readonly field?: string | undefined;
  /** Endpoint, credentials: left out, as the AWS SDK finds them. */
  readonly client?: SecretsManagerClientConfig;
  readonly signal?: AbortSignal;
}

/**
 * What a secret of AWS Secrets Manager holds now; text as UTF-8. The SDK is loaded only when
 * this is called. Rejects with an error that names AWS's reason, never the value.
 */
export async function readSecretsManager(options: SecretsManagerOptions): Promise<Uint8Array> {
  const { secretId, region, field, signal } = options;
  const { GetSecretValueCommand, SecretsManagerClient } =
    await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({
    ...(region === undefined ? {} : { region }),
    ...options.client,
  });
  try {
    const command = new GetSecretValueCommand({ SecretId: secretId });
    const secret = await client.send(command, signal ? { abortSignal: signal } : {});
    const { SecretString: text, SecretBinary: bytes } = secret;
    const value = text === undefined ? bytes : Buffer.from(text);
    if (value === undefined) throw new Error('it holds no value');
    return field === undefined ? value : fieldOf(value, field);
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(reasonOf(error), { cause: error });
  } finally {
    client.destroy();
  }
}

/** A parser's own message would quote the secret. */
function fieldOf(value: Uint8Array, field: string): Uint8Array {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(value).toString('utf8'));
  } catch {
    throw new Error('it is not JSON, so it has no fields');
  }
  const found: unknown =
    typeof json === 'object' && json !== null && Object.hasOwn(json, field)
      ? Reflect.get(json, field)
      : undefined;
  if (typeof found !== 'string') throw new Error(`it has no text in the field ${field}`);
  return Buffer.from(found);
}

/** AWS's name for a refusal says more than its message, which may be empty. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed';
  return error.name === 'Error' ? error.message : error.name;
}
