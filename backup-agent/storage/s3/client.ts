import { S3Client } from '@aws-sdk/client-s3';
import {
  fromNodeProviderChain,
  fromTemporaryCredentials,
  fromTokenFile,
} from '@aws-sdk/credential-providers';
import { defaultIdleTimeoutMs, type S3StorageOptions } from './options.ts';

type CredentialProvider = ReturnType<typeof fromNodeProviderChain>;

const connectionTimeoutMs = 10_000;

const silent = (): void => undefined;
/** Without one the SDK writes its warnings to standard error, amid the agent's own lines. */
const silentLogger = { debug: silent, info: silent, warn: silent, error: silent };

/** The client makes each request once: when to try again is decided in one place, in requests.ts. */
export function createClient(options: S3StorageOptions): S3Client {
  const { region, endpoint, pathStyle, checksumAlgorithm, idleTimeoutMs } = options;
  return new S3Client({
    ...regionOf(region, endpoint),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    forcePathStyle: pathStyle ?? false,
    credentials: credentialsOf(options),
    maxAttempts: 1,
    logger: silentLogger,
    followRegionRedirects: true,
    requestChecksumCalculation: checksumAlgorithm === 'MD5' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED',
    // Readers hold every byte against a signed digest, and this check would keep connections open
    // whose readers left early.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      logger: silentLogger,
      connectionTimeout: connectionTimeoutMs,
      socketTimeout: idleTimeoutMs ?? defaultIdleTimeoutMs,
    },
  });
}

/** Stores other than AWS seldom care for the region, but a signature needs one. */
function regionOf(region: string | undefined, endpoint: string | undefined): { region?: string } {
  if (region !== undefined) return { region };
  return endpoint === undefined ? {} : { region: 'us-east-1' };
}

function credentialsOf(
  options: S3StorageOptions,
): CredentialProvider | (S3StorageOptions['credentials'] & object) {
  const base = baseCredentials(options);
  const { assumeRole, region } = options;
  if (assumeRole === undefined) return base;
  return fromTemporaryCredentials({
    masterCredentials: base,
    params: {
      RoleArn: assumeRole.arn,
      RoleSessionName: 'holdfast',
      ...(assumeRole.externalId === undefined ? {} : { ExternalId: assumeRole.externalId }),
    },
    ...(region === undefined ? {} : { clientConfig: { region } }),
  });
}

/** Given ones, a web identity, or what AWS's own search order finds: environment, profile, host. */
function baseCredentials({
  credentials,
  webIdentity,
  profile,
}: S3StorageOptions): CredentialProvider {
  if (credentials !== undefined) return async () => credentials;
  if (webIdentity !== undefined)
    return fromTokenFile({
      roleArn: webIdentity.roleArn,
      webIdentityTokenFile: webIdentity.tokenFile,
      roleSessionName: 'holdfast',
    });
  return fromNodeProviderChain(profile === undefined ? {} : { profile });
}
