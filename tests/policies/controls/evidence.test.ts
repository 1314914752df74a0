import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { zipSync } from 'fflate';
import { generateSigningKey, parseSigningKey } from '../../../backup-agent/keys/signing-key.ts';
import { signerRoles, type SignerRole } from '../../../contracts/commit.ts';
import {
  evidenceChecks,
  type EvidenceName,
} from '../../../policies/controls/evidence/evidence-checks.ts';
import { EvidenceError } from '../../../policies/controls/evidence/evidence-files.ts';
import type { JobRecords } from '../../../policies/controls/evidence/job-records.ts';
import { readRecords } from '../../../policies/controls/evidence/read-records.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import {
  agentConfiguration,
  daysAgo,
  now,
  signers,
  writeHealthyRecords,
  writeRecords,
} from './support.ts';

const configuration = agentConfiguration();
const agent = { file: 'holdfast.yaml', configuration };

async function read(path: string): Promise<readonly JobRecords[]> {
  return (await readRecords([{ path }], agent)) ?? [];
}

const judge = (name: EvidenceName, records: readonly JobRecords[]) =>
  evidenceChecks[name].check({ agent: configuration, records, now });

const problemsOf = (records: readonly JobRecords[]) =>
  records.flatMap(({ problems }) => problems.map(({ where, what }) => `${where} ${what}`));

describe('signed records', () => {
  test('of a repository that the agent itself wrote are read and believed', async () => {
    const fixture = 'tests/fixtures/repository-v1';
    const { signing } = JSON.parse(
      await readFile(`${fixture}/test-identity-and-test-keys.json`, 'utf8'),
    ) as { signing: Record<SignerRole, string> };
    const trusted = signerRoles.map((role) => ({
      role,
      publicKey: parseSigningKey(signing[role]).publicKey,
      validFrom: '2026-01-01T00:00:00Z',
    }));
    const records = await readRecords([{ path: `${fixture}/repository`, repository: 'primary' }], {
      ...agent,
      configuration: { ...configuration, keys: { ...configuration.keys, trusted } },
    });
    assert.deepEqual(
      records?.map(({ job, problems }) => [job, problems]),
      [['crm', []]],
    );
    assert.equal(records?.[0]?.commits.length, 9);
    assert.deepEqual(
      records?.[0]?.drills.map(({ id }) => id),
      ['20260302T001000Z-d0d0d0'],
    );
  });

  test('say that all is well where it is, from a folder and from a zip', async () => {
    await using directory = await temporaryDirectory();
    await writeHealthyRecords(directory.path);
    const files = await readdir(directory.path, { recursive: true, withFileTypes: true });
    const entries = await Promise.all(
      files
        .filter((file) => file.isFile())
        .map(async (file) => {
          const path = join(file.parentPath, file.name);
          return [path.slice(directory.path.length + 1), await readFile(path)] as const;
        }),
    );
    const zip = join(directory.path, 'bundle.zip');
    await writeFile(zip, zipSync(Object.fromEntries(entries)));
    for (const path of [directory.path, zip]) {
      const records = await read(path);
      assert.equal(records.length, 4);
      for (const name of Object.keys(evidenceChecks) as EvidenceName[]) {
        const { state, why } = judge(name, records);
        assert.equal(state, 'met', `${name}: ${why.en}`);
      }
    }
  });

  test('altered, missing or foreign ones are named and not believed, and the log ends before them', async () => {
    await using directory = await temporaryDirectory();
    let attempts = 0;
    const attempt = async (
      damage: (folder: string) => Promise<void>,
      expected: RegExp,
    ): Promise<void> => {
      const root = join(directory.path, `attempt-${(attempts += 1)}`);
      await writeHealthyRecords(root);
      await damage(join(root, 'primary/jobs/crm-database'));
      const records = await read(root);
      assert.match(problemsOf(records).join('\n'), expected);
      const { state, why } = judge('log', records);
      assert.notEqual(state, 'met');
      assert.match(why.en, /^crm-database: /);
    };
    const rewrite = async (
      file: string,
      change: (document: Envelope) => unknown,
    ): Promise<void> => {
      const document = JSON.parse(await readFile(file, 'utf8')) as Envelope;
      await writeFile(file, JSON.stringify(change(document)));
    };
    await attempt(
      (folder) =>
        rewrite(join(folder, 'commits/0000000002.json'), (document) => ({
          ...document,
          payload: encode({ ...decode(document), at: daysAgo(0) }),
        })),
      /commit 2 no key pinned as drill has signed it/,
    );
    await attempt((folder) => rm(join(folder, 'commits/0000000002.json')), /commit 2 is missing/);
    await attempt(
      async (folder) =>
        writeFile(
          join(folder, 'commits/0000000003.json'),
          await readFile(join(folder, 'commits/0000000001.json')),
        ),
      /commit 3 was made for crm-database number 1/,
    );
    await attempt(
      (folder) =>
        rewrite(join(folder, 'commits/0000000001.json'), (document) => ({
          ...document,
          signatures: [],
        })),
      /commit 1 is malformed: signatures is not signed/,
    );
    await attempt(async (folder) => {
      const [name = ''] = await readdir(join(folder, 'drills'));
      await rewrite(join(folder, 'drills', name), (document) => ({ ...document, extra: 1 }));
    }, /is not the record that commit 2 names/);
    await attempt(
      (folder) => writeFile(join(folder, 'commits/0000000001.json'), '{'),
      /commit 1 is not JSON/,
    );
  });

  test('signed by keys of strangers, of another role or past their time count for nothing', async () => {
    await using directory = await temporaryDirectory();
    const stranger = parseSigningKey(generateSigningKey().privateKeyPem);
    const strangers = Object.fromEntries(signerRoles.map((role) => [role, stranger])) as Record<
      SignerRole,
      typeof stranger
    >;
    const events = [{ backup: daysAgo(1) }];
    const written = { root: directory.path, repository: 'primary', job: 'crm-database', events };
    for (const keys of [strangers, { ...signers.keys, writer: signers.keys.drill }]) {
      await writeRecords({ ...written, keys });
      assert.match(problemsOf(await read(directory.path)).join(), /no key pinned as writer/);
    }
    await writeRecords(written);
    const trusted = signers.trust.map((key) => ({ ...key, validUntil: daysAgo(2) }));
    const records = await readRecords([{ path: directory.path }], {
      ...agent,
      configuration: { ...configuration, keys: { ...configuration.keys, trusted } },
    });
    assert.match(problemsOf(records ?? []).join(), /outside the key's period/);
    assert.equal(judge('backup', records ?? []).state, 'not');
  });

  test('need a configuration that pins keys, a repository that it names, and to be there', async () => {
    await using directory = await temporaryDirectory();
    await writeHealthyRecords(directory.path);
    const places = [{ path: join(directory.path, 'primary') }];
    await assert.rejects(readRecords(places, undefined), EvidenceError);
    await assert.rejects(
      readRecords([{ path: join(directory.path, 'primary'), repository: 'third' }], agent),
      /third is no repository of holdfast\.yaml \(there are: primary, offsite\)/,
    );
    assert.equal((await readRecords(places, agent))?.length, 2);
    const text = join(directory.path, 'text');
    await writeFile(text, 'no zip');
    for (const path of [text, join(directory.path, 'nothing'), 'docs'])
      await assert.rejects(readRecords([{ path }], agent), EvidenceError);
  });
});

interface Envelope {
  readonly payload: string;
}
const encode = (content: unknown): string =>
  Buffer.from(JSON.stringify(content)).toString('base64');
const decode = ({ payload }: Envelope): Record<string, unknown> =>
  JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as Record<string, unknown>;

describe('what evidence shows', () => {
  const states = async (
    job: string,
    events: Parameters<typeof writeRecords>[0]['events'],
    repository = 'primary',
  ): Promise<Record<string, string>> => {
    await using directory = await temporaryDirectory();
    await writeHealthyRecords(directory.path);
    await rm(join(directory.path, repository, 'jobs', job), { recursive: true });
    await writeRecords({ root: directory.path, repository, job, events });
    const records = await read(directory.path);
    const names = Object.keys(evidenceChecks) as EvidenceName[];
    return Object.fromEntries(
      names
        .map((name) => [name, judge(name, records)] as const)
        .filter(([, { state }]) => state !== 'met')
        .map(([name, { state, why }]) => [name, `${state}: ${why.en}`]),
    );
  };
  const masked = ['no masked value survives'];

  test('a drill that is too old makes overdue what rests on it', async () => {
    const drill = { drill: daysAgo(61), assertions: masked };
    assert.deepEqual(await states('crm-database', [drill, { backup: daysAgo(1) }]), {
      verification:
        'overdue: crm-database: the newest verification is of 2026-09-28, older than 35 days; crm-attachments: the newest verification is of 2026-09-28, older than 35 days',
      drill:
        'overdue: crm-database: the newest passed drill is of 2026-09-28, older than 8 days; crm-attachments: the newest passed drill is of 2026-09-28, older than 8 days',
      objectives:
        'overdue: crm-database: the newest passed drill is of 2026-09-28, older than 8 days',
      'masked-drill':
        'overdue: crm-database: the newest masked drill is of 2026-09-28, older than 8 days',
    });
  });

  test('a drill that failed is worse, and says at what', async () => {
    const found = await states('crm-database', [
      { backup: daysAgo(1) },
      { drill: daysAgo(1), outcome: 'failed', assertions: masked },
    ]);
    assert.match(
      found['drill'] ?? '',
      /^not: crm-database: the drill of 2026-11-26 failed: no masked/,
    );
    const slow = await states('crm-database', [
      { backup: daysAgo(1) },
      { drill: daysAgo(1), rtoMs: 20_000_000, assertions: masked },
    ]);
    assert.equal(
      slow['objectives'],
      'not: crm-database: missed on 2026-11-26: RTO 333.3 min/240.0 min',
    );
  });

  test('an escrow drill counts for a second recipient, and not for ever', async () => {
    const offsite = async (event: Parameters<typeof states>[1][number]) =>
      (await states('crm-attachments', [{ backup: daysAgo(1) }, event], 'offsite'))['escrow-drill'];
    assert.equal(await offsite({ escrow: daysAgo(99) }), undefined);
    assert.match(
      (await offsite({ escrow: daysAgo(101) })) ?? '',
      /^overdue: .* older than 100 days/,
    );
    assert.match(
      (await offsite({ escrow: daysAgo(1), recipient: 'age1pq1recovery' })) ?? '',
      /^not: .*no escrow drill is on record/,
    );
  });

  test('old backups and copies, and a failed verification, show', async () => {
    const escrow = { escrow: daysAgo(99) };
    assert.deepEqual(await states('crm-attachments', [escrow, { backup: daysAgo(3) }], 'offsite'), {
      copy: 'overdue: crm-attachments: the newest copy is of 2026-11-24, older than 2 days',
    });
    const found = await states('crm-attachments', [
      { backup: daysAgo(9) },
      { verification: daysAgo(1), failed: true },
    ]);
    assert.deepEqual(Object.keys(found), ['verification']);
    assert.match(found['verification'] ?? '', /the verification of 2026-11-26 failed for/);
  });
});
