import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { SSMClientConfig } from '@aws-sdk/client-ssm';
import { HoldfastError } from '../errors/holdfast-error.ts';

export interface ConfigurationText {
  /** For messages: the file's whole path, or the place as it was given. */
  readonly file: string;
  /** Relative paths in the configuration start here. */
  readonly directory: string;
  readonly text: string;
}

export interface PlaceOptions {
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Region, endpoint, credentials: left out, as the AWS SDK finds them. */
  readonly ssm?: SSMClientConfig;
}

/**
 * Reads a configuration from where it is: a file, `ssm:<name or ARN>` for a parameter of AWS Systems
 * Manager, or `env:<NAME>` for an environment variable. What comes from no file has relative paths from
 * the current folder. Throws `config-not-found`.
 */
export async function readConfigurationText(
  place: string,
  options: PlaceOptions = {},
): Promise<ConfigurationText> {
  const [, scheme, rest = ''] = /^(ssm|env):(.+)$/.exec(place) ?? [];
  if (scheme === undefined) return await fromFile(place);
  const text =
    scheme === 'ssm' ? await parameterText(rest, options) : options.variables?.[rest]?.trim();
  if (text) return { file: place, directory: resolve('.'), text };
  throw new HoldfastError('config-not-found', `the configuration ${place} is not set or empty`);
}

async function fromFile(path: string): Promise<ConfigurationText> {
  const file = resolve(path);
  try {
    return { file, directory: dirname(file), text: await readFile(file, 'utf8') };
  } catch (cause) {
    throw new HoldfastError('config-not-found', `the configuration ${file} cannot be read`, {
      cause,
    });
  }
}

/** The region of an ARN; a name's is the one that the SDK finds. */
function regionOf(parameter: string): { region?: string } {
  const region = parameter.startsWith('arn:') ? parameter.split(':')[3] : undefined;
  return region ? { region } : {};
}

async function parameterText(
  parameter: string,
  { ssm = {} }: PlaceOptions,
): Promise<string | undefined> {
  const { GetParameterCommand, SSMClient } = await import('@aws-sdk/client-ssm');
  const client = new SSMClient({ ...regionOf(parameter), ...ssm });
  try {
    const command = new GetParameterCommand({ Name: parameter, WithDecryption: true });
    return (await client.send(command)).Parameter?.Value;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.name : 'failed';
    throw new HoldfastError(
      'config-not-found',
      `AWS Systems Manager did not give the parameter ${parameter}: ${reason}`,
      { cause },
    );
  } finally {
    client.destroy();
  }
}
