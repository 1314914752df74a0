import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isAllowed } from './iam/simulate.ts';
import { resourcesOf, synthesize, type Attributes } from './support.ts';

const account = '111122223333';
const resources = resourcesOf(await synthesize('production'));

function attributesOf(type: string, id: string): Attributes {
  const found = resources.find((one) => one.type === type && one.id === id);
  assert.ok(found, `${type}.${id}`);
  return found.attributes;
}

const textOf = (type: string, id: string, name: string) => String(attributesOf(type, id)[name]);

interface Place {
  readonly id: string;
  readonly region: string;
}
const home: Place = { id: 'vault', region: 'eu-central-1' };
const offsite: Place = { id: 'offsite-vault', region: 'eu-west-1' };

const bucketOf = ({ id }: Place) =>
  `arn:aws:s3:::${textOf('aws_s3_bucket', `${id}_bucket_bucket`, 'bucket')}`;
const keyOf = ({ id }: Place) => `\${aws_kms_key.${id}_objects_key.arn}`;
const workloadBoundary = textOf('aws_iam_policy', 'workload-boundary', 'policy');

/** Who calls, with the policies of its own. */
interface Caller {
  readonly arn: string;
  readonly identity: readonly string[];
  readonly boundary: string;
}

function agent(name: string): Caller {
  return {
    arn: `arn:aws:iam::${account}:role/holdfast-production-workload/holdfast-production-${name}`,
    identity: [textOf('aws_iam_role_policy', `${name}-rights`, 'policy')],
    boundary: workloadBoundary,
  };
}

const everything = JSON.stringify({
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
const breakGlass: Caller = {
  arn: `arn:aws:iam::${account}:role/holdfast-production-people/holdfast-production-break-glass`,
  identity: [everything],
  boundary: textOf('aws_iam_policy', 'emergency_boundary', 'policy'),
};
const administrator: Caller = {
  arn: `arn:aws:iam::${account}:role/administrator`,
  identity: [everything],
  boundary: everything,
};

/** Creating with the agent's own condition, and what an upload in parts asks for. */
const created = { 's3:if-none-match': '*', 's3:ObjectCreationOperation': 'true' };
const part = { 's3:ObjectCreationOperation': 'false' };
const overwriting = { 's3:ObjectCreationOperation': 'true' };

/** What AWS itself tells of every request. */
function contextOf(arn: string, region: string): Record<string, string> {
  return {
    'aws:PrincipalArn': arn,
    'aws:PrincipalAccount': arn.split(':')[4] ?? '',
    'aws:PrincipalIsAWSService': 'false',
    'aws:RequestedRegion': region,
    'aws:SecureTransport': 'true',
  };
}

function mayDo(
  { arn, identity, boundary }: Caller,
  action: string,
  place: Place,
  key: string,
  context: Readonly<Record<string, string>> = {},
): Promise<boolean> {
  return isAllowed(
    {
      principal: arn,
      action,
      resource: key === '' ? bucketOf(place) : `${bucketOf(place)}/${key}`,
      resourceAccount: account,
      context: { ...contextOf(arn, place.region), 's3:TlsVersion': '1.3', ...context },
    },
    {
      identity,
      boundary,
      resource: textOf('aws_s3_bucket_policy', `${place.id}_bucket_policy`, 'policy'),
    },
  );
}

function mayUseKey(
  { arn, identity, boundary }: Caller,
  action: string,
  place: Place,
  via: string | undefined,
): Promise<boolean> {
  const key = `arn:aws:kms:${place.region}:${account}:key/${place.id}`;
  const known = (text: string) => text.replaceAll(keyOf(place), key);
  return isAllowed(
    {
      principal: arn,
      action,
      resource: key,
      resourceAccount: account,
      context: {
        ...contextOf(arn, place.region),
        'kms:CallerAccount': account,
        ...(via ? { 'kms:ViaService': `${via}.${place.region}.amazonaws.com` } : {}),
      },
    },
    {
      identity: identity.map(known),
      boundary,
      resource: textOf('aws_kms_key', `${place.id}_objects_key`, 'policy'),
    },
  );
}

const backup = 'jobs/crm/20261122T210500Z-7f3a91';
const object = `${backup}/objects/public.person.copy.zst.age`;
const manifest = `${backup}/manifest.json`;
const commit = 'jobs/crm/commits/42.json';
const evidence = 'jobs/crm/drills/1.json';
const lease = 'leases/crm.json';
const erasure = 'jobs/crm/erasures/20261122T210500Z-7f3a91.json.zst.age';

suite('the vaults', () => {
  test('lock objects, without a retention of their own', async () => {
    for (const { id } of [home, offsite])
      assert.equal(
        attributesOf('aws_s3_bucket', `${id}_bucket_bucket`)['object_lock_enabled'],
        true,
      );
    const types = new Set(
      resources.filter(({ stack }) => stack === 'backup').map(({ type }) => type),
    );
    assert.ok(!types.has('aws_s3_bucket_object_lock_configuration'));
  });

  test('expire no version of a backup: only those of leases', async () => {
    for (const { id } of [home, offsite]) {
      const rules = attributesOf('aws_s3_bucket_lifecycle_configuration', `${id}_bucket_lifecycle`)[
        'rule'
      ] as Attributes[];
      assert.ok(rules.every((rule) => rule['expiration'] === undefined));
      const expiring = rules.filter((rule) => rule['noncurrent_version_expiration']);
      assert.deepEqual(
        expiring.map((rule) => rule['filter']),
        [[{ prefix: 'leases/' }]],
      );
    }
  });

  test('lie in two regions, each with a key of its own', async () => {
    assert.equal(attributesOf('aws_s3_bucket', 'vault_bucket_bucket')['provider'], undefined);
    assert.equal(
      attributesOf('aws_s3_bucket', 'offsite-vault_bucket_bucket')['provider'],
      'aws.offsite',
    );
    assert.notEqual(keyOf(home), keyOf(offsite));
  });
});

suite('the writer', () => {
  const writer = agent('agent-run');
  test('makes backups', async () => {
    for (const key of [object, manifest, commit]) {
      assert.ok(await mayDo(writer, 's3:PutObject', home, key, created), key);
      assert.ok(await mayDo(writer, 's3:PutObject', home, key, part), key);
      assert.ok(await mayDo(writer, 's3:PutObjectRetention', home, key), key);
    }
    assert.ok(await mayDo(writer, 's3:PutObject', home, lease, overwriting));
    assert.ok(await mayDo(writer, 's3:ListBucket', home, ''));
    assert.ok(await mayUseKey(writer, 'kms:GenerateDataKey', home, 's3'));
    assert.ok(await mayUseKey(writer, 'kms:Decrypt', home, 's3'), 'to finish an upload in parts');
  });
  test('reads what tells of backups, and not what is in them', async () => {
    for (const key of [manifest, commit, `${backup}/meta/inventory.zst.age`, lease])
      assert.ok(await mayDo(writer, 's3:GetObject', home, key), key);
    for (const key of [
      object,
      `${backup}/objects/meta/inventory`,
      `${backup}/objects/manifest.json`,
    ])
      for (const action of ['s3:GetObject', 's3:GetObjectVersion'])
        assert.ok(!(await mayDo(writer, action, home, key)), `${action} ${key}`);
  });
  test('overwrites nothing under jobs/', async () => {
    for (const key of [object, manifest, commit, 'holdfast.json'])
      assert.ok(!(await mayDo(writer, 's3:PutObject', home, key, overwriting)), key);
  });
  test('deletes nothing, and lifts no lock', async () => {
    for (const action of [
      's3:DeleteObject',
      's3:DeleteObjectVersion',
      's3:BypassGovernanceRetention',
      's3:PutObjectLegalHold',
    ])
      for (const key of [object, commit, lease])
        assert.ok(!(await mayDo(writer, action, home, key)), `${action} ${key}`);
    for (const action of ['s3:PutBucketPolicy', 's3:PutBucketObjectLockConfiguration'])
      assert.ok(!(await mayDo(writer, action, home, '')), action);
  });
  test('uses the key through S3 alone, and has no way off-site', async () => {
    assert.ok(!(await mayUseKey(writer, 'kms:Decrypt', home, undefined)));
    assert.ok(!(await mayUseKey(writer, 'kms:Decrypt', home, 'secretsmanager')));
    assert.ok(!(await mayUseKey(writer, 'kms:GenerateDataKey', offsite, 's3')));
    assert.ok(!(await mayDo(writer, 's3:PutObject', offsite, object, created)));
    assert.ok(!(await mayDo(writer, 's3:GetObject', offsite, manifest)));
  });
});

suite('the copier', () => {
  const copier = agent('agent-copy');
  test('reads here and creates there', async () => {
    assert.ok(await mayDo(copier, 's3:GetObject', home, object));
    assert.ok(await mayDo(copier, 's3:PutObject', offsite, object, created));
    assert.ok(await mayUseKey(copier, 'kms:Decrypt', home, 's3'));
    assert.ok(await mayUseKey(copier, 'kms:GenerateDataKey', offsite, 's3'));
  });
  test('writes nothing here, and deletes and overwrites nothing there', async () => {
    assert.ok(!(await mayDo(copier, 's3:PutObject', home, object, created)));
    assert.ok(!(await mayDo(copier, 's3:PutObject', offsite, object, overwriting)));
    for (const place of [home, offsite])
      assert.ok(!(await mayDo(copier, 's3:DeleteObjectVersion', place, object)));
  });
});

suite('restorers and drills', () => {
  test('a restorer reads everything of its own vault', async () => {
    for (const [name, place] of [
      ['agent-restore', home],
      ['agent-restore-offsite', offsite],
    ] as const) {
      assert.ok(await mayDo(agent(name), 's3:GetObject', place, object));
      assert.ok(await mayUseKey(agent(name), 'kms:Decrypt', place, 's3'));
    }
    assert.ok(!(await mayDo(agent('agent-restore'), 's3:GetObject', offsite, object)));
    assert.ok(!(await mayDo(agent('agent-restore-offsite'), 's3:GetObject', home, object)));
  });
  test('a restorer writes nothing', async () => {
    for (const [name, place] of [
      ['agent-restore', home],
      ['agent-restore-offsite', offsite],
    ] as const) {
      for (const key of [object, commit, evidence, lease, erasure])
        for (const action of [
          's3:PutObject',
          's3:PutObjectRetention',
          's3:PutObjectLegalHold',
          's3:DeleteObjectVersion',
        ])
          assert.ok(
            !(await mayDo(
              agent(name),
              action,
              place,
              key,
              action === 's3:PutObject' ? created : {},
            )),
            `${name} ${action} ${key}`,
          );
      assert.ok(!(await mayUseKey(agent(name), 'kms:GenerateDataKey', place, 's3')));
    }
  });
  test('a drill adds evidence and its commit, and no backup', async () => {
    const drill = agent('agent-drill');
    assert.ok(await mayDo(drill, 's3:GetObject', offsite, object));
    for (const key of [evidence, commit])
      assert.ok(await mayDo(drill, 's3:PutObject', offsite, key, created), key);
    for (const key of [object, manifest])
      assert.ok(!(await mayDo(drill, 's3:PutObject', offsite, key, created)), key);
    assert.ok(!(await mayDo(drill, 's3:DeleteObjectVersion', offsite, evidence)));
    assert.ok(!(await mayDo(drill, 's3:GetObject', home, object)));
  });
});

suite('curators', () => {
  const curators = [
    [agent('agent-curate'), home, offsite],
    [agent('agent-curate-offsite'), offsite, home],
  ] as const;
  test('hold backups of their own vault without reading or deleting them', async () => {
    for (const [curator, own, other] of curators) {
      for (const key of [object, manifest])
        assert.ok(await mayDo(curator, 's3:PutObjectLegalHold', own, key), key);
      for (const key of [commit, lease])
        assert.ok(await mayDo(curator, 's3:PutObject', own, key, created), key);
      assert.ok(await mayUseKey(curator, 'kms:GenerateDataKey', own, 's3'));
      for (const action of [
        's3:GetObject',
        's3:GetObjectVersion',
        's3:DeleteObjectVersion',
        's3:BypassGovernanceRetention',
      ])
        assert.ok(!(await mayDo(curator, action, own, object)), action);
      for (const key of [object, manifest, evidence])
        assert.ok(!(await mayDo(curator, 's3:PutObject', own, key, created)), key);
      assert.ok(!(await mayDo(curator, 's3:PutObjectLegalHold', other, object)));
      assert.ok(!(await mayDo(curator, 's3:PutObject', other, commit, created)));
    }
  });
  test('keep the erasure ledger, and change nothing of it', async () => {
    for (const [curator, own] of curators) {
      assert.ok(await mayDo(curator, 's3:PutObject', own, erasure, created));
      assert.ok(await mayDo(curator, 's3:GetObject', own, erasure));
      assert.ok(!(await mayDo(curator, 's3:PutObject', own, erasure, overwriting)));
      assert.ok(!(await mayDo(curator, 's3:DeleteObjectVersion', own, erasure)));
    }
  });
});

suite('whoever administers the account', () => {
  test('neither deletes, nor overwrites, nor bypasses a lock', async () => {
    for (const place of [home, offsite]) {
      for (const action of [
        's3:DeleteObject',
        's3:DeleteObjectVersion',
        's3:BypassGovernanceRetention',
      ])
        assert.ok(!(await mayDo(administrator, action, place, object)), action);
      assert.ok(!(await mayDo(administrator, 's3:PutObject', place, object, overwriting)));
      assert.ok(!(await mayDo(administrator, 's3:PutBucketObjectLockConfiguration', place, '')));
      assert.ok(!(await mayUseKey(administrator, 'kms:Decrypt', place, undefined)));
    }
  });
  test('can bypass governance by break-glass alone, which cannot forge a backup', async () => {
    assert.ok(await mayDo(breakGlass, 's3:BypassGovernanceRetention', home, object));
    assert.ok(await mayDo(breakGlass, 's3:DeleteObjectVersion', home, object));
    assert.ok(!(await mayDo(breakGlass, 's3:DeleteObject', home, object)));
    assert.ok(!(await mayDo(breakGlass, 's3:PutObject', home, object, created)));
  });
  test('builds the vaults by CI, which neither writes, reads nor deletes a backup', async () => {
    const ci: Caller = {
      arn: `arn:aws:iam::${account}:role/holdfast-production-people/holdfast-production-deploy`,
      identity: [textOf('aws_iam_policy', 'deploy_rights', 'policy')],
      boundary: textOf('aws_iam_policy', 'deploy_boundary', 'policy'),
    };
    assert.ok(await mayDo(ci, 's3:GetBucketPolicy', home, ''));
    assert.ok(await mayDo(ci, 's3:PutLifecycleConfiguration', home, ''));
    for (const place of [home, offsite])
      for (const action of ['s3:PutObject', 's3:GetObject', 's3:DeleteObjectVersion'])
        assert.ok(!(await mayDo(ci, action, place, object, created)), action);
  });
  test('comes from these accounts, over TLS', async () => {
    const stranger = { ...administrator, arn: 'arn:aws:iam::999999999999:role/administrator' };
    assert.ok(await mayDo(administrator, 's3:GetObject', home, object));
    assert.ok(!(await mayDo(stranger, 's3:GetObject', home, object)));
    const plaintext = { 'aws:SecureTransport': 'false' };
    assert.ok(!(await mayDo(administrator, 's3:GetObject', home, object, plaintext)));
  });
  test('deletes versions by the pruner alone', async () => {
    const name = 'holdfast-production-workload/holdfast-production-agent-prune';
    const pruner = { ...administrator, arn: `arn:aws:iam::${account}:role/${name}` };
    assert.ok(await mayDo(pruner, 's3:DeleteObjectVersion', home, object));
    assert.ok(!(await mayDo(pruner, 's3:DeleteObjectVersion', offsite, object)), 'has its own');
  });
});

suite('the pruners', () => {
  const pruners = [
    [agent('agent-prune'), home, offsite],
    [agent('agent-prune-offsite'), offsite, home],
  ] as const;
  test('commit what goes, and delete it by version, in their own vault', async () => {
    for (const [pruner, own, other] of pruners) {
      for (const key of [commit, lease])
        assert.ok(await mayDo(pruner, 's3:PutObject', own, key, created), key);
      for (const key of [object, manifest, `${backup}/meta/inventory.zst.age`]) {
        assert.ok(await mayDo(pruner, 's3:DeleteObjectVersion', own, key), key);
        assert.ok(!(await mayDo(pruner, 's3:DeleteObjectVersion', other, key)), key);
      }
    }
  });
  test('cannot lift what the lock holds: neither bypass it, nor shorten it, nor unlock', async () => {
    for (const [pruner, own] of pruners) {
      for (const key of [object, manifest, commit])
        for (const action of ['s3:BypassGovernanceRetention', 's3:PutObjectLegalHold'])
          assert.ok(!(await mayDo(pruner, action, own, key)), `${action} ${key}`);
      assert.ok(!(await mayDo(pruner, 's3:PutObjectRetention', own, object)));
      for (const action of ['s3:PutLifecycleConfiguration', 's3:PutBucketObjectLockConfiguration'])
        assert.ok(!(await mayDo(pruner, action, own, '')), action);
    }
  });
  test('neither write nor read content, nor delete the log of what they did', async () => {
    for (const [pruner, own] of pruners) {
      for (const key of [object, manifest, evidence, 'holdfast.json'])
        assert.ok(!(await mayDo(pruner, 's3:PutObject', own, key, created)), key);
      assert.ok(!(await mayDo(pruner, 's3:PutObject', own, commit, overwriting)));
      assert.ok(!(await mayDo(pruner, 's3:GetObject', own, object)));
      assert.ok(!(await mayDo(pruner, 's3:DeleteObject', own, object)), 'no delete markers');
      for (const key of [commit, evidence, lease, erasure, 'holdfast.json'])
        assert.ok(!(await mayDo(pruner, 's3:DeleteObjectVersion', own, key)), key);
    }
  });
});
