import type { DataStack } from '../data/data-stack.ts';
import { stackOf, type EnvironmentStack } from '../lib/environment-stack.ts';
import type { Statement } from '../lib/policy-document.ts';
import { parameterName } from './agent-configuration.ts';
import type { Site } from './site.ts';

/** The database's role of the agent, see stacks/data/database-roles.sql. */
const databaseUser = 'holdfast_backup';

/** Reading what is backed up: the database by IAM, the attachments, the file system. */
export function sourceRights(
  stack: EnvironmentStack,
  { database, attachments, fileSystem }: DataStack,
): Statement[] {
  const { region } = stack.environment;
  return [
    {
      sid: 'SignInToDatabase',
      actions: ['rds-db:connect'],
      resources: [stack.arn('rds-db', `dbuser:${database.instance.resourceId}/${databaseUser}`)],
    },
    {
      sid: 'ListAttachments',
      actions: ['s3:ListBucket'],
      resources: [attachments.bucket.arn],
    },
    {
      sid: 'ReadAttachments',
      actions: ['s3:GetObject'],
      resources: [`${attachments.bucket.arn}/*`],
    },
    {
      sid: 'OpenAttachments',
      actions: ['kms:Decrypt'],
      resources: [attachments.key.arn],
      conditions: {
        StringEquals: { 'kms:ViaService': `s3.${region}.${stack.partition.domain}` },
      },
    },
    ...(fileSystem
      ? [
          {
            sid: 'MountFiles',
            actions: ['elasticfilesystem:ClientMount'],
            resources: [fileSystem.fileSystem.arn],
          },
        ]
      : []),
  ];
}

/** Signing in to whatever AWS Backup restored, and telling it what came out. */
export function validatorRights(stack: EnvironmentStack): Statement[] {
  return [
    {
      sid: 'SignInToRestored',
      actions: ['rds-db:connect'],
      // A restored instance has an id of its own.
      resources: [stack.arn('rds-db', `dbuser:*/${databaseUser}`)],
    },
    {
      sid: 'Answer',
      actions: ['backup:DescribeRestoreJob', 'backup:PutRestoreValidationResult'],
      resources: ['*'],
    },
  ];
}

/** Reading the jobs' configuration at a site. */
export function configurationRights(site: Site): Statement[] {
  const stack = stackOf(site);
  const parameters = [site.arn('ssm', `parameter${parameterName(stack, '*')}`)];
  return [
    { sid: 'ReadConfiguration', actions: ['ssm:GetParameter'], resources: parameters },
    {
      sid: 'OpenConfiguration',
      actions: ['kms:Decrypt'],
      resources: [site.key.arn],
      conditions: {
        StringEquals: { 'kms:ViaService': `ssm.${site.region}.${stack.partition.domain}` },
        StringLike: { 'kms:EncryptionContext:PARAMETER_ARN': parameters },
      },
    },
  ];
}
