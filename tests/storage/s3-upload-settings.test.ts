import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { bytes, patterned, streamed } from '../conformance/storage-content.ts';
import { s3Subject } from './subjects.ts';

const largeBytes = 6_000_001;
const creating = new Set(['PutObject', 'CreateMultipartUpload']);

suite('what an S3 upload asks for', () => {
  test('key, class and lock are asked for by small and large uploads alike', async () => {
    const kmsKeyId = 'arn:aws:kms:eu-west-1:111122223333:key/vault';
    const options = { kmsKeyId, storageClass: 'STANDARD_IA', objectLock: 'compliance' } as const;
    await using subject = await s3Subject('locked', options);
    const { storage, server } = subject;
    const lockUntil = new Date(Date.now() + 3_600_000);
    await storage.put('small', bytes('x'), { lockUntil });
    await storage.put('large', streamed(patterned(largeBytes)), { lockUntil });
    const created = server.requests.filter(({ operation }) => creating.has(operation));
    assert.equal(created.length, 2);
    for (const { headers } of created) {
      assert.equal(headers['x-amz-server-side-encryption'], 'aws:kms');
      assert.equal(headers['x-amz-server-side-encryption-aws-kms-key-id'], kmsKeyId);
      assert.equal(headers['x-amz-storage-class'], 'STANDARD_IA');
      assert.equal(headers['x-amz-object-lock-mode'], 'COMPLIANCE');
      const until = new Date(String(headers['x-amz-object-lock-retain-until-date']));
      assert.ok(until >= lockUntil);
    }
  });

  for (const checksumAlgorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const)
    test(`every byte is sent under a ${checksumAlgorithm} that the server verifies`, async () => {
      await using subject = await s3Subject('plain', { checksumAlgorithm });
      const { storage, server } = subject;
      await storage.put('small', bytes('x'));
      await storage.put('large', streamed(patterned(largeBytes)), { sizeBytes: largeBytes });
      const header = `x-amz-checksum-${checksumAlgorithm.toLowerCase()}`;
      const sent = server.requests.filter(({ operation }) =>
        /^(PutObject|UploadPart)$/.test(operation),
      );
      assert.equal(sent.length, 3);
      for (const { headers } of sent) assert.ok(headers[header] !== undefined);
      assert.match(
        server.bucket('plain').current('some/prefix/large')?.headers[header] ?? '',
        /-2$/,
      );
    });

  test('endpoints that know no checksums verify an MD5, locks included', async () => {
    const options = { checksumAlgorithm: 'MD5', objectLock: 'governance' } as const;
    await using subject = await s3Subject('locked', options);
    const { storage, server } = subject;
    const lockUntil = new Date(Date.now() + 3_600_000);
    await storage.put('small', bytes('x'), { lockUntil });
    await storage.put('large', streamed(patterned(largeBytes)), { lockUntil });
    const names = server.requests.flatMap(({ headers }) => Object.keys(headers));
    assert.deepEqual(
      names.filter((name) => name.includes('checksum')),
      [],
    );
    assert.equal(names.filter((name) => name === 'content-md5').length, 3);
  });
});
