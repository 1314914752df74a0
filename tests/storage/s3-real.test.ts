import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { openS3Storage } from '../../backup-agent/storage/s3.ts';
import { storageConformance } from '../conformance/storage.ts';

/**
 * The storage contract against a real endpoint. Credentials come from where AWS's tools look for
 * them; each test works under a prefix of its own and removes what it wrote.
 *
 * - HOLDFAST_TEST_S3_BUCKET: the bucket; without it these tests are skipped.
 * - HOLDFAST_TEST_S3_ENDPOINT: for stores other than AWS; its addresses are then path style.
 * - HOLDFAST_TEST_S3_REGION, HOLDFAST_TEST_S3_PROFILE: if the defaults do not fit.
 */
const bucket = process.env['HOLDFAST_TEST_S3_BUCKET'];
const endpoint = process.env['HOLDFAST_TEST_S3_ENDPOINT'];
const region = process.env['HOLDFAST_TEST_S3_REGION'];
const profile = process.env['HOLDFAST_TEST_S3_PROFILE'];

if (bucket === undefined)
  test('S3 storage on a real endpoint', { skip: 'HOLDFAST_TEST_S3_BUCKET is not set' });
else
  storageConformance('S3 storage on a real endpoint', async () => {
    const storage = openS3Storage({
      bucket,
      prefix: `holdfast-conformance/${randomUUID()}`,
      endpoint,
      pathStyle: endpoint !== undefined,
      region,
      profile,
      partBytes: 5 * 1024 * 1024,
    });
    return {
      storage,
      async [Symbol.asyncDispose]() {
        const versions = await Array.fromAsync(storage.listVersions(''));
        for (const { key, version } of versions)
          await storage.remove(key, version === undefined ? {} : { version });
        await storage.close();
      },
    };
  });
