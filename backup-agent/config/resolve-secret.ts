import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SecretReference } from '../../contracts/secret.ts';
import { HoldfastError } from '../errors/holdfast-error.ts';
import type { Environment } from './environment.ts';
import { Secret } from './secret.ts';
import { readSecretsManager } from './secrets-manager.ts';

const commandTimeoutMs = 30_000;

/** What a secret's place is called in messages; never shows the secret. */
export function describeSecret(reference: SecretReference): string {
  if ('env' in reference) return `environment variable ${reference.env}`;
  if ('file' in reference) return `file ${reference.file}`;
  if ('secretsManager' in reference) return `AWS Secrets Manager, ${reference.secretsManager}`;
  return `command ${reference.command[0]}`;
}

/**
 * Reads a secret. Relative files are relative to `baseDirectory`. Throws `config-secret-unavailable`
 * when it is missing or empty.
 */
export async function resolveSecret(
  reference: SecretReference,
  context: { readonly environment: Environment; readonly baseDirectory: string },
): Promise<Secret> {
  let secret: Secret;
  try {
    secret = new Secret(await read(reference, context));
  } catch (cause) {
    throw new HoldfastError(
      'config-secret-unavailable',
      `the secret in ${describeSecret(reference)} cannot be read: ${reasonOf(cause)}`,
    );
  }
  if (secret.reveal() === '')
    throw new HoldfastError(
      'config-secret-unavailable',
      `the secret in ${describeSecret(reference)} is empty`,
    );
  return secret;
}

async function read(
  reference: SecretReference,
  context: { readonly environment: Environment; readonly baseDirectory: string },
): Promise<Uint8Array> {
  if ('env' in reference) {
    const value = context.environment.variables[reference.env];
    if (value === undefined) throw new Error('the variable is not set');
    return Buffer.from(value);
  }
  if ('file' in reference) return await readFile(resolve(context.baseDirectory, reference.file));
  if ('secretsManager' in reference) {
    const { secretsManager: secretId, region, field } = reference;
    return await readSecretsManager({ secretId, region, field });
  }
  const [program, ...rest] = reference.command;
  const { execa } = await import('execa');
  const { stdout } = await execa(String(program), rest, {
    cwd: context.baseDirectory,
    timeout: commandTimeoutMs,
    stdin: 'ignore',
    stripFinalNewline: false,
    encoding: 'buffer',
  });
  return stdout;
}

/** Execa's own messages quote what the command printed, which may be the secret: only facts here. */
function reasonOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return 'unknown reason';
  if ('timedOut' in cause && cause.timedOut) return `no answer within ${commandTimeoutMs / 1000} s`;
  if ('exitCode' in cause && typeof cause.exitCode === 'number')
    return `it ended with exit code ${cause.exitCode}`;
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof Error ? cause.message : 'unknown reason';
}
