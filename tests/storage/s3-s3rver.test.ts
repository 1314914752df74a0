import S3rver from 's3rver';
import { openS3Storage } from '../../backup-agent/storage/s3.ts';
import { storageConformance } from '../conformance/storage.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/**
 * An emulator that others wrote, for the part that it has: it knows neither
 * conditional writes, versions nor ranges, lists no unfinished uploads, and keeps objects as files, so
 * that its listings have another order and not every key is possible.
 */
storageConformance(
  'S3 storage on s3rver',
  async () => {
    const directory = await temporaryDirectory();
    const server = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory: directory.path,
      configureBuckets: [{ name: 'plain', configs: [] }],
    });
    const { port } = await server.run();
    const storage = openS3Storage({
      bucket: 'plain',
      prefix: 'some/prefix',
      endpoint: `http://127.0.0.1:${port}`,
      pathStyle: true,
      credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
      partBytes: 5 * 1024 * 1024,
    });
    return {
      storage,
      async [Symbol.asyncDispose]() {
        await storage.close();
        await server.close();
        await directory[Symbol.asyncDispose]();
      },
    };
  },
  {
    byteOrder: false,
    versions: false,
    conditions: false,
    listsUnfinished: false,
    unusualKeys: false,
    longListing: false,
  },
);
