import { parseBucketUrl } from '../sources/s3/bucket-url.ts';
import type { Bucket } from '../sources/s3/bucket.ts';
import type { Agent } from './agent.ts';
import type { RestoreRequest } from './restore.ts';

/** The bucket to restore to. Where the URL does not say how to reach it, it is reached as the job's own is. */
export async function openTargetBucket(agent: Agent, { job, to }: RestoreRequest): Promise<Bucket> {
  const source = agent.configuration.jobs[job]?.source;
  const { region, endpoint, pathStyle, profile } = source?.type === 's3' ? source : {};
  const { Bucket: S3Bucket } = await import('../sources/s3/bucket.ts');
  return new S3Bucket(parseBucketUrl(to, { region, endpoint, pathStyle, profile }), 'target');
}

/** What may be done where the bucket holds something; it has no `rename`. */
export function intoBucket({ into }: RestoreRequest): { into?: 'skip' | 'overwrite' } {
  return into === undefined || into === 'rename' ? {} : { into };
}
