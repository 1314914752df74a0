import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import {
  centralServices,
  type CentralService,
} from '../../contracts/environment/central-services.ts';
import { loadEnvironment } from '../../stacks/lib/load-environment.ts';
import { resourcesOf, synthesize, type Attributes } from './support.ts';

const production = await loadEnvironment('production');

suite('in China', async () => {
  const { clients } = production.vpn;
  const stacks = await synthesize({
    ...production,
    region: 'cn-north-1',
    offsite: { region: 'cn-northwest-1' },
    audit: { ...production.audit, costs: { ...production.audit.costs, currency: 'CNY' } },
    vpn: { clients, sites: [] },
    turnedOff: [
      'cognito',
      'cost-anomaly-detection',
      'guardduty-runtime',
      'macie',
      'site-to-site-vpn',
    ],
  });

  test('every ARN of the stacks names the partition', () => {
    // What the environment itself names stays as it stands there.
    const given = /arn:aws:(acm|iam::111122223333:saml-provider|secretsmanager)/;
    for (const { type, id, attributes } of resourcesOf(stacks))
      for (const [arn] of JSON.stringify(attributes).matchAll(/arn:aws:[^"\\]*/g))
        assert.match(arn, given, `${type}.${id}`);
  });

  test('what the partition lacks is not there', () => {
    const types = new Set(resourcesOf(stacks).map(({ type }) => type));
    assert.ok(!types.has('aws_vpn_connection'));
    assert.ok(!types.has('aws_cognito_user_pool'));
    assert.ok(!types.has('aws_macie2_account'));
    assert.ok(!types.has('aws_ce_anomaly_monitor'));
    const features = resourcesOf(stacks).filter(
      ({ type }) => type === 'aws_guardduty_detector_feature',
    );
    assert.ok(features.length > 0);
    for (const { attributes } of features)
      assert.notEqual(attributes['name'], 'RUNTIME_MONITORING');
    assert.ok(types.has('aws_ec2_client_vpn_endpoint'));
  });

  test('AWS itself is asked for the names of its endpoints', () => {
    assert.ok(stacks['network']?.data?.['aws_vpc_endpoint_service']);
  });
});

suite('with an off-site account', async () => {
  const roleArn = 'arn:aws:iam::999988887777:role/offsite';
  const stacks = await synthesize({
    ...production,
    offsite: { region: 'eu-west-1', account: '999988887777', roleArn },
  });

  test('the recovery VPC is built there, by the role, and nowhere else', () => {
    const offsite = stacks['network']?.provider['aws']?.find((one) => one['alias'] === 'offsite');
    assert.deepEqual(offsite?.['allowed_account_ids'], ['999988887777']);
    const [assumed] = (offsite?.['assume_role'] ?? []) as { role_arn: string }[];
    assert.equal(assumed?.role_arn, roleArn);
  });

  test('the account gets its own boundary, password policy and public access block', () => {
    const types = new Set(
      resourcesOf({ identity: stacks['identity'] ?? assert.fail() })
        .filter(({ attributes }) => attributes['provider'] === 'aws.offsite')
        .map(({ type }) => type),
    );
    for (const type of [
      'aws_iam_policy',
      'aws_iam_account_password_policy',
      'aws_s3_account_public_access_block',
    ])
      assert.ok(types.has(type), type);
  });

  test('attachments are handed over to it, and only their replication may write there', () => {
    const data = resourcesOf({ data: stacks['data'] ?? assert.fail() });
    const replication = data.find(({ type }) => type === 'aws_s3_bucket_replication_configuration');
    assert.match(JSON.stringify(replication?.attributes), /"account":"999988887777"/);
    const policy = data.find(({ id }) => id === 'attachments_replica_policy')?.attributes['policy'];
    assert.match(String(policy), /attachments-replication/);
  });

  test('its vault takes copies from the copier alone, through S3, and still by conditional puts', () => {
    const backup = resourcesOf({ backup: stacks['backup'] ?? assert.fail() });
    const policyOf = (id: string) =>
      JSON.parse(String(backup.find((one) => one.id === id)?.attributes['policy'])) as {
        Statement: { Sid: string; Effect: string; Condition?: Record<string, Attributes> }[];
      };
    const copier = /^arn:aws:iam::111122223333:role\/.*-workload\/.*-agent-copy$/;
    for (const [id, sids] of [
      ['offsite-vault_bucket_policy', ['ListFromOtherAccount', 'CopyFromOtherAccount']],
      ['offsite-vault_objects_key', ['UseFromOtherAccount']],
    ] as const) {
      const allowing = policyOf(id).Statement.filter(({ Sid }) => Sid.endsWith('FromOtherAccount'));
      assert.deepEqual(
        allowing.map(({ Sid }) => Sid),
        sids,
      );
      for (const { Condition } of allowing)
        assert.match(String(Condition?.['ArnEquals']?.['aws:PrincipalArn']), copier);
    }
    const key = policyOf('offsite-vault_objects_key').Statement.at(-1);
    assert.equal(
      key?.Condition?.['StringEquals']?.['kms:ViaService'],
      's3.eu-west-1.amazonaws.com',
    );
    assert.match(JSON.stringify(policyOf('offsite-vault_bucket_policy')), /"DenyOverwriting"/);
  });

  test('those who restore and rehearse from the copies live there', () => {
    const backup = resourcesOf({ backup: stacks['backup'] ?? assert.fail() });
    const roles = backup.filter(
      ({ type, attributes }) => type === 'aws_iam_role' && attributes['provider'] === 'aws.offsite',
    );
    assert.deepEqual(roles.map(({ id }) => id).sort(), [
      'agent-curate-offsite-role',
      'agent-drill-role',
      'agent-prune-offsite-role',
      'agent-restore-offsite-role',
      'agent-verify-offsite-role',
      'offsite-agent_volumes-role',
      'recovery_curate-offsite_start-role',
      'recovery_drill_start-role',
      'recovery_prune-offsite_start-role',
      'recovery_restore-offsite_start-role',
      'recovery_schedules_schedule-role',
      'recovery_verify-offsite_start-role',
    ]);
    for (const { attributes } of roles)
      assert.match(String(attributes['assume_role_policy']), /"aws:SourceAccount":"999988887777"/);
  });

  test('its other keys trust its own account alone', () => {
    const keys = resourcesOf(stacks).filter(
      ({ type, attributes }) =>
        type === 'aws_kms_key' &&
        attributes['provider'] === 'aws.offsite' &&
        !/attachments|copies of backups|recovery points/.test(String(attributes['description'])),
    );
    assert.ok(keys.length >= 2);
    for (const { attributes } of keys)
      assert.ok(!String(attributes['policy']).includes('111122223333'));
  });
});

test('only one file imports the archived library', async () => {
  const folder = join(import.meta.dirname, '../../stacks');
  const { glob } = await import('node:fs/promises');
  const importers: string[] = [];
  for await (const file of glob('**/*.ts', { cwd: folder }))
    if (/from 'cdktf'/.test(await readFile(join(folder, file), 'utf8'))) importers.push(file);
  assert.deepEqual(importers, ['lib/cdktf.ts']);
});

test('what the organization runs centrally is not made here', async () => {
  const made = {
    'access-analyzer': 'aws_accessanalyzer_analyzer',
    cloudtrail: 'aws_cloudtrail',
    config: 'aws_config_configuration_recorder',
    costs: 'aws_budgets_budget',
    guardduty: 'aws_guardduty_detector',
    inspector: 'aws_inspector2_enabler',
    macie: 'aws_macie2_account',
    securityhub: 'aws_securityhub_account',
  } as const satisfies Record<CentralService, string>;
  const typesOf = (stacks: Parameters<typeof resourcesOf>[0]) =>
    new Set(resourcesOf(stacks).map(({ type }) => type));
  const reason = 'The security account of the organization runs it for every account.';
  const runCentrally = centralServices.map((service) => ({ service, reason }));
  const here = typesOf(await synthesize(production));
  const elsewhere = typesOf(await synthesize({ ...production, runCentrally }));
  for (const type of Object.values(made)) {
    assert.ok(here.has(type), type);
    assert.ok(!elsewhere.has(type), type);
  }
});
