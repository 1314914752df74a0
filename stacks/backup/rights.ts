import type { EnvironmentStack } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';
import { chronicle } from './vault-guards.ts';
import type { Vault } from './vault.ts';

/** What tells of backups, and holds none of their content. */
const records = [
  'holdfast.json',
  'jobs/*/commits/*',
  'jobs/*/drills/*',
  'jobs/*/manifest.json',
  'jobs/*/meta/*',
  'leases/*',
];
const commits = ['jobs/*/commits/*', 'leases/*'];
const erasures = ['jobs/*/erasures/*'];
const everything = ['*'];

const below = ({ bucket }: Vault, keys: readonly string[]) =>
  keys.map((key) => `${bucket.arn}/${key}`);

const look = (sid: string, vault: Vault): Statement => ({
  sid,
  actions: ['s3:ListBucket', 's3:ListBucketMultipartUploads', 's3:ListBucketVersions'],
  resources: [vault.bucket.arn],
});

const read = (sid: string, vault: Vault, keys: readonly string[]): Statement => ({
  sid,
  actions: [
    's3:GetObject',
    's3:GetObjectLegalHold',
    's3:GetObjectRetention',
    's3:GetObjectVersion',
  ],
  resources: below(vault, keys),
});

/** Puts with a lock; without the right to set one S3 refuses the whole put. */
const create = (sid: string, vault: Vault, keys: readonly string[]): Statement => ({
  sid,
  actions: [
    's3:AbortMultipartUpload',
    's3:ListMultipartUploadParts',
    's3:PutObject',
    's3:PutObjectRetention',
  ],
  resources: below(vault, keys),
});

/** The key through S3 alone; finishing a multipart upload decrypts. */
function useKey(
  sid: string,
  { key, region }: Vault,
  { partition }: EnvironmentStack,
  actions = ['kms:Decrypt', 'kms:GenerateDataKey'],
): Statement {
  return {
    sid,
    actions,
    resources: [key.arn],
    conditions: { StringEquals: { 'kms:ViaService': `s3.${region}.${partition.domain}` } },
  };
}

const never = (
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
): Statement => ({
  sid,
  effect: 'Deny',
  actions,
  resources,
});

const unlocking = [
  's3:BypassGovernanceRetention',
  's3:DeleteObject',
  's3:PutBucketObjectLockConfiguration',
  's3:PutBucketPolicy',
  's3:PutLifecycleConfiguration',
];
const neverDelete = never(
  'NeverDelete',
  [...unlocking.filter((action) => action !== 's3:DeleteObject'), 's3:DeleteObject*'],
  ['*'],
);

/** Makes backups. Reads what tells of them, never what is in them. */
export function writerRights(stack: EnvironmentStack, vault: Vault): Statement[] {
  return [
    look('Look', vault),
    read('ReadRecords', vault, records),
    create('Create', vault, ['RECOVER.md', 'holdfast.json', 'jobs/*', 'leases/*']),
    useKey('UseKey', vault, stack),
    never('NeverReadContent', ['s3:GetObject*'], below(vault, ['jobs/*/objects/*'])),
    neverDelete,
  ];
}

/** Copies backups, as they are, to the off-site vault. */
export function copierRights(stack: EnvironmentStack, from: Vault, to: Vault): Statement[] {
  return [
    look('Look', from),
    look('LookThere', to),
    read('Read', from, everything),
    read('ReadRecordsThere', to, records),
    create('CreateThere', to, ['RECOVER.md', 'holdfast.json', 'jobs/*', 'leases/*']),
    useKey('Decrypt', from, stack, ['kms:Decrypt']),
    useKey('UseKeyThere', to, stack),
    neverDelete,
  ];
}

/** Restores: reads everything, writes nothing. */
export function restorerRights(stack: EnvironmentStack, vault: Vault): Statement[] {
  return [
    look('Look', vault),
    read('Read', vault, everything),
    useKey('Decrypt', vault, stack, ['kms:Decrypt']),
    never('NeverWrite', ['s3:Put*', 's3:DeleteObject*'], ['*']),
  ];
}

/** Rehearses restores: reads everything, and adds its evidence and that evidence's commit. */
export function drillRights(stack: EnvironmentStack, vault: Vault): Statement[] {
  return [
    look('Look', vault),
    read('Read', vault, everything),
    create('Testify', vault, ['jobs/*/commits/*', 'jobs/*/drills/*', 'leases/*']),
    useKey('UseKey', vault, stack),
    neverDelete,
  ];
}

/**
 * Prunes: commits what goes, then deletes, version by version, what no lock holds. What it may create it may
 * not delete: neither the log that tells what it did, nor evidence, nor leases.
 */
export function prunerRights(stack: EnvironmentStack, vault: Vault): Statement[] {
  return [
    look('Look', vault),
    read('ReadRecords', vault, records),
    create('Commit', vault, commits),
    {
      sid: 'Prune',
      actions: ['s3:DeleteObjectVersion'],
      resources: below(vault, ['jobs/*']),
    },
    {
      sid: 'ClearUnfinished',
      actions: ['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      resources: below(vault, ['jobs/*']),
    },
    useKey('UseKey', vault, stack),
    never('NeverReadContent', ['s3:GetObject*'], below(vault, ['jobs/*/objects/*'])),
    never('NeverDeleteTheLog', ['s3:DeleteObject*'], below(vault, chronicle)),
    never('NeverShortenOrUnlock', unlocking, ['*']),
  ];
}

/**
 * Holds backups and lets them go, by commits and by legal holds on objects; and writes the erasure ledger,
 * whose requests are encrypted as indexes are.
 */
export function curatorRights(stack: EnvironmentStack, vault: Vault): Statement[] {
  return [
    look('Look', vault),
    read('ReadRecords', vault, [...records, ...erasures]),
    create('Commit', vault, [...commits, ...erasures]),
    { sid: 'Hold', actions: ['s3:PutObjectLegalHold'], resources: below(vault, ['jobs/*']) },
    useKey('UseKey', vault, stack),
    never('NeverReadContent', ['s3:GetObject*'], below(vault, ['jobs/*/objects/*'])),
    neverDelete,
  ];
}
