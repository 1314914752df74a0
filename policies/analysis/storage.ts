import type { Graph } from '../engine/graph.ts';
import type { Resource } from '../engine/resource.ts';
import { reference, textOf } from '../engine/value.ts';
import { companions } from './companions.ts';
import { type Identity, isUnreadableIdentity, may, type Target } from './identities.ts';
import { repositoryNames } from './jobs.ts';

/** Types that hold data, with the attribute that names their key. */
export const keyAttributes: Readonly<Record<string, string>> = {
  aws_db_instance: 'kms_key_id',
  aws_rds_cluster: 'kms_key_id',
  aws_efs_file_system: 'kms_key_id',
  aws_dynamodb_table: 'server_side_encryption.kms_key_arn',
  aws_secretsmanager_secret: 'kms_key_id',
  aws_sqs_queue: 'kms_master_key_id',
  aws_backup_vault: 'kms_key_arn',
  aws_cloudwatch_log_group: 'kms_key_id',
};

/** Types that customers' data rests in. */
export const storeTypes = [
  'aws_db_instance',
  'aws_rds_cluster',
  'aws_s3_bucket',
  'aws_efs_file_system',
  'aws_dynamodb_table',
] as const;

export function isPersonal(resource: Resource): boolean {
  return resource.tags['DataClassification'] === 'personal';
}

/** What customers' data is kept in first: neither a replica nor a repository of backups. */
export function primaryStores(graph: Graph): Resource[] {
  return graph
    .of(...storeTypes)
    .filter(
      (store) => isPersonal(store) && !isReplica(graph, store) && !isRepository(graph, store),
    );
}

function isReplica(graph: Graph, store: Resource): boolean {
  if (store.get('replicate_source_db') !== undefined) return true;
  return (
    store.type === 'aws_s3_bucket' &&
    graph
      .of('aws_s3_bucket_replication_configuration')
      .some((replication) =>
        replication
          .blocks('rule.destination')
          .some((destination) => mentionsBucket(graph, store, textOf(destination['bucket']))),
      )
  );
}

/** Whether a text is the bucket's ARN or name, by reference or plain. */
function mentionsBucket(graph: Graph, bucket: Resource, text: string): boolean {
  return (
    graph.referents(text, 'aws_s3_bucket').includes(bucket) || bucketArns(bucket).includes(text)
  );
}

/** The ways in which policies write the bucket's ARN. */
export function bucketArns(bucket: Resource): string[] {
  const name = bucket.get('bucket');
  const plain =
    name === undefined
      ? []
      : ['aws', 'aws-cn', 'aws-us-gov'].map((partition) => `arn:${partition}:s3:::${textOf(name)}`);
  return [reference(bucket.address, 'arn'), ...plain];
}

/**
 * Objects of the bucket that an identity's policies may speak of: any one, and one for each pattern
 * that narrows them down.
 */
export function objectTargets(identity: Identity, bucket: Resource): Target[] {
  return objectKeys(identity, bucket).map((key) => objectTarget(bucket, key));
}

/** One object, by the key that follows the bucket's name: `/leases/crm.json`. */
export function objectTarget(bucket: Resource, key: string): Target {
  return bucketArns(bucket).map((arn) => `${arn}${key}`);
}

/** Their keys, each with a slash before it. */
export function objectKeys(identity: Identity, bucket: Resource): string[] {
  const arns = bucketArns(bucket);
  const statements = identity.policies.flatMap((policy) => policy.statements);
  const patterns = statements.flatMap(({ resources, notResources }) => [
    ...resources,
    ...notResources,
  ]);
  const keys = patterns.flatMap((pattern) =>
    arns
      .filter((arn) => pattern.startsWith(`${arn}/`))
      .map((arn) => pattern.slice(arn.length).replaceAll(/[*?]/g, 'x')),
  );
  return [...new Set([...keys, '/jobs/any/object'])];
}

/** Whether the identity may put objects into the bucket, or may perhaps: a policy is not known yet. */
export function mayWrite(identity: Identity, bucket: Resource): boolean {
  return (
    isUnreadableIdentity(identity) || may(identity, 's3:PutObject', objectTargets(identity, bucket))
  );
}

/** Whether a lock keeps records: of a trail, or of something that holds no customer's data as backups do. */
function keepsRecords(graph: Graph, bucket: Resource): boolean {
  const classification = bucket.tags['DataClassification'];
  return (
    (classification !== undefined && classification !== 'personal') ||
    graph.referrers(bucket, 'aws_cloudtrail', 's3_bucket_name').length > 0
  );
}

/** Buckets that keep backups: locked, if not for records, tagged so, or named as a repository of the agent. */
export function isRepository(graph: Graph, bucket: Resource): boolean {
  if (bucket.type !== 'aws_s3_bucket') return false;
  const locks =
    bucket.get('object_lock_enabled') === true ||
    companions(graph, bucket, 'aws_s3_bucket_object_lock_configuration').length > 0;
  return (
    (locks && !keepsRecords(graph, bucket)) ||
    bucket.tags['BackupRepository'] === 'true' ||
    repositoryNames(graph).some(
      (name) =>
        graph.referents(name, 'aws_s3_bucket').includes(bucket) || name === bucket.get('bucket'),
    )
  );
}

export function repositories(graph: Graph): Resource[] {
  return graph.of('aws_s3_bucket').filter((bucket) => isRepository(graph, bucket));
}

/** Whether AWS delivers logs into the bucket: those of other buckets or of load balancers. */
export function receivesLogs(graph: Graph, bucket: Resource): boolean {
  return (
    graph.referrers(bucket, 'aws_s3_bucket_logging', 'target_bucket').length > 0 ||
    ['access_logs.bucket', 'connection_logs.bucket'].some(
      (path) => graph.referrers(bucket, 'aws_lb', path).length > 0,
    )
  );
}
