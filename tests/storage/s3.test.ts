import { openS3Storage } from '../../backup-agent/storage/s3.ts';
import { storageConformance } from '../conformance/storage.ts';
import { startS3Server } from '../fixtures/s3/server.ts';

for (const bucket of ['plain', 'locked'])
  storageConformance(`S3 storage (bucket ${bucket})`, async () => {
    const server = await startS3Server();
    const storage = openS3Storage({
      bucket,
      prefix: 'some/prefix',
      endpoint: server.endpoint,
      pathStyle: true,
      credentials: { accessKeyId: 'TESTFULL', secretAccessKey: 'test-secret-full' },
      partBytes: 5 * 1024 * 1024,
      retry: { sleep: async () => undefined },
    });
    return {
      storage,
      async [Symbol.asyncDispose]() {
        await storage.close();
        await server[Symbol.asyncDispose]();
      },
    };
  });
