import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { parseConfiguration } from '../../backup-agent/config/load-configuration.ts';
import { eventBridgeExpression } from '../../contracts/schedule.ts';
import { loadEnvironment, parseEnvironment } from '../../stacks/lib/load-environment.ts';
import { JobRefused } from '../../stacks/backup/agent-configuration.ts';
import { createAgent } from '../../backup-agent/composition.ts';
import { isAllowed } from './iam/simulate.ts';
import {
  environmentNames,
  resourcesOf,
  synthesize,
  type Attributes,
  type Located,
} from './support.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly user: string;
  readonly readonlyRootFilesystem: boolean;
  readonly linuxParameters: { readonly capabilities: { readonly drop: readonly string[] } };
  readonly environment: readonly { readonly name: string }[];
  readonly secrets?: readonly { readonly name: string; readonly valueFrom: string }[];
  readonly mountPoints: readonly {
    readonly sourceVolume: string;
    readonly containerPath: string;
  }[];
  readonly logConfiguration: { readonly options: Readonly<Record<string, string>> };
  readonly healthCheck: object;
  readonly dependsOn?: readonly object[];
}

const containersOf = ({ attributes }: Located) =>
  JSON.parse(String(attributes['container_definitions'])) as Container[];
const ofType = (resources: readonly Located[], wanted: string) =>
  resources.filter(({ type }) => type === wanted);

/** What a reference of Terraform stands for, as far as the agent asks. */
const sampleOf: Readonly<Record<string, string>> = {
  address: 'crm.abcdef.eu-central-1.rds.amazonaws.com',
  arn: 'arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-4333-8444-555555555555',
};

/** Resources that a text refers to, in the same stack or in another. */
function* referredTo(text: string, resources: readonly Located[]): Generator<Located> {
  for (const [, type, id] of text.matchAll(/\$\{(aws_\w+)\.([\w-]+)\.\w+\}/g)) {
    const found = resources.find((one) => one.type === type && one.id === id);
    assert.ok(found, `${type}.${id} is defined`);
    yield found;
  }
}

for (const environmentName of environmentNames)
  suite(`the agent in ${environmentName}`, async () => {
    const environment = await loadEnvironment(environmentName);
    const stacks = await synthesize(environmentName);
    const resources = resourcesOf(stacks);
    const parameters = ofType(resources, 'aws_ssm_parameter');
    const tasks = ofType(resources, 'aws_ecs_task_definition');
    const schedules = ofType(resources, 'aws_scheduler_schedule');
    const buckets = ofType(resources, 'aws_s3_bucket');

    test('gets one parameter a job in either region, and takes each', async () => {
      const jobs = Object.keys(environment.jobs);
      assert.equal(parameters.length, jobs.length * 2);
      for (const { attributes } of parameters) {
        const text = String(attributes['value']).replaceAll(
          /\$\{[^}]*?(?:(arn|address)|(\w+))\}/g,
          (_, attribute: string | undefined) => sampleOf[attribute ?? 'address'] ?? '',
        );
        const value = parseConfiguration(text, String(attributes['name']));
        const job = String(attributes['name']).split('/').at(-1) ?? '';
        assert.deepEqual(value.jobs[job]?.schedules, environment.jobs[job]?.schedules);
        assert.deepEqual(value.jobs[job]?.retention, environment.jobs[job]?.retention);
        await using agent = await createAgent(
          {
            configFile: 'unused',
            environment: { variables: {}, configFile: undefined, plainOutput: true },
            log: { debug() {}, info() {}, warn() {}, error() {} },
            signal: new AbortController().signal,
            now: () => new Date(0),
          },
          { file: 'unused', directory: '/', value },
        );
        assert.ok(await agent.source(job));
      }
    });

    test('names only buckets, keys and servers that this synthesis makes', () => {
      for (const { attributes } of parameters) {
        const text = String(attributes['value']);
        const { repositories, jobs } = JSON.parse(text) as {
          repositories: Record<string, { bucket: string; kmsKeyId: string }>;
          jobs: Record<string, { source: { type: string; bucket?: string } }>;
        };
        const named = [
          ...Object.values(repositories).map(({ bucket }) => bucket),
          ...Object.values(jobs).flatMap(({ source }) => source.bucket ?? []),
        ];
        for (const name of named)
          assert.ok(
            buckets.some((bucket) => bucket.attributes['bucket'] === name),
            name,
          );
        for (const { kmsKeyId } of Object.values(repositories))
          assert.equal([...referredTo(kmsKeyId, resources)][0]?.type, 'aws_kms_key');
        // The database lies in another stack: an output of that.
        const elsewhere = [
          ...text.matchAll(/\$\{data\.terraform_remote_state\.\S*?-(data)\.outputs\.([^}]+)\}/g),
        ];
        assert.equal(elsewhere.length, text.includes('postgres://holdfast_backup') ? 1 : 0);
        for (const [, stack, output = ''] of elsewhere)
          assert.ok(stacks[stack ?? '']?.output?.[output], output);
        assert.ok(!/\$\{(database|attachments|files)\}/.test(text));
      }
    });

    test('finds every secret that a task of it needs, and no other, in its environment', () => {
      for (const task of tasks) {
        const [agent] = containersOf(task);
        for (const { valueFrom } of agent?.secrets ?? []) {
          const [secret] = [...referredTo(valueFrom, resources)];
          assert.equal(secret?.type, 'aws_secretsmanager_secret');
          assert.equal(secret.attributes['provider'], task.attributes['provider']);
        }
      }
      const variables = (id: string) =>
        containersOf(tasks.find((one) => one.id === id) ?? assert.fail(id))[0]
          ?.secrets?.map(({ name }) => name)
          .sort();
      assert.deepEqual(variables('home_run_definition'), [
        'HOLDFAST_METADATA_IDENTITY',
        'HOLDFAST_WRITER_KEY',
      ]);
      assert.deepEqual(variables('home_copy_definition'), ['HOLDFAST_WRITER_KEY']);
      assert.deepEqual(variables('home_prune_definition'), ['HOLDFAST_CURATOR_KEY']);
      for (const id of ['home_curate_definition', 'recovery_curate-offsite_definition'])
        assert.deepEqual(variables(id), ['HOLDFAST_CURATOR_KEY', 'HOLDFAST_METADATA_IDENTITY']);
      for (const id of ['home_restore_definition', 'recovery_restore-offsite_definition'])
        assert.deepEqual(variables(id), [
          'HOLDFAST_METADATA_IDENTITY',
          'HOLDFAST_RECOVERY_IDENTITY',
          'PGPASSWORD',
        ]);
      assert.deepEqual(variables('recovery_drill_definition'), [
        'HOLDFAST_DRILL_KEY',
        'HOLDFAST_METADATA_IDENTITY',
        'HOLDFAST_RECOVERY_IDENTITY',
      ]);
    });

    test('signs with a key of its own in every duty', () => {
      const keys = tasks.flatMap((task) =>
        (containersOf(task)[0]?.secrets ?? [])
          .filter(({ name }) => name.endsWith('_KEY'))
          .map(({ valueFrom }) => valueFrom),
      );
      assert.equal(new Set(keys).size, keys.length);
    });

    test('has tasks without root, without rights of the kernel, with nothing to write to but a volume', () => {
      assert.equal(tasks.length, 12);
      for (const task of tasks) {
        for (const container of containersOf(task)) {
          assert.match(container.user, /^[1-9]\d*:[1-9]\d*$/);
          assert.equal(container.readonlyRootFilesystem, true);
          assert.deepEqual(container.linuxParameters.capabilities.drop, ['ALL']);
          assert.ok(container.healthCheck);
          assert.ok(container.logConfiguration.options['awslogs-group']);
          assert.doesNotMatch(container.image, /:latest$|^[^:]*$/);
        }
        assert.equal(task.attributes['network_mode'], 'awsvpc');
        const { cpu, memory } = task.attributes;
        assert.ok(Number(memory) / Number(cpu) >= 2);
      }
    });

    test('drills off-site, beside a server of its own that is ready', () => {
      const drills = tasks.filter((task) => containersOf(task).length > 1);
      assert.deepEqual(
        drills.map(({ id }) => id),
        ['recovery_drill_definition'],
      );
      const [drill] = drills;
      assert.equal(drill?.attributes['provider'], 'aws.offsite');
      const [agent, sandbox] = containersOf(drill ?? assert.fail());
      assert.deepEqual(agent?.dependsOn, [{ containerName: 'sandbox', condition: 'HEALTHY' }]);
      assert.equal(sandbox?.name, 'sandbox');
      // One volume for both: a large one is a volume of EBS, of which a task takes one.
      assert.equal(sandbox.mountPoints[0]?.sourceVolume, agent.mountPoints[0]?.sourceVolume);
      const { storageGiB } = environment.backup.drill;
      if (storageGiB <= 200)
        assert.deepEqual(drill?.attributes['ephemeral_storage'], { size_in_gib: storageGiB });
      else assert.match(JSON.stringify(drill?.attributes['volume']), /"configure_at_launch":true/);
    });

    test('restores in tasks that need no volume of their own, from either vault', () => {
      const restores = tasks.filter(({ id }) => /_restore(-offsite)?_/.test(id));
      assert.equal(restores.length, 2);
      const { storageGiB, size } = environment.backup.drill;
      for (const { attributes } of restores) {
        assert.deepEqual(attributes['ephemeral_storage'], {
          size_in_gib: Math.min(storageGiB, 200),
        });
        assert.doesNotMatch(JSON.stringify(attributes['volume']), /configure_at_launch/);
        assert.equal(attributes['cpu'], String(size.cpu));
      }
    });

    test('starts at the instants of its jobs, each by one schedule a kind', () => {
      const expected = Object.entries(environment.jobs).flatMap(([job, { schedules: wanted }]) =>
        Object.entries({ ...wanted, watch: '48 * * * *' }).flatMap(([kind, schedule]) => {
          const one = `${job}-${kind} ${eventBridgeExpression(schedule ?? '')}`;
          // Copies are verified and pruned where they lie.
          return ['verify', 'prune'].includes(kind) ? [one, one] : [one];
        }),
      );
      const found = schedules.map(({ attributes: { name, schedule_expression: expression } }) =>
        [name, expression].join(' '),
      );
      assert.deepEqual(found.sort(), expected.sort());
      for (const { attributes } of schedules) {
        assert.equal(attributes['schedule_expression_timezone'], 'UTC');
        const target = attributes['target'] as Attributes;
        assert.ok(target['retry_policy']);
        assert.ok(target['dead_letter_config']);
      }
    });

    test('is told its job and what to do with it', () => {
      for (const { id, attributes } of schedules) {
        const input = String((attributes['target'] as Attributes)['input']);
        const job = Object.keys(environment.jobs).find((name) =>
          String(attributes['name']).startsWith(`${name}-`),
        );
        const place = `ssm:/holdfast/${environmentName}/agent/jobs/${job}`;
        assert.ok(input.includes(`"${place}"`), id);
        const [, command = ''] = /"[Cc]ommand":(\[[^\]]*\])/.exec(input) ?? [];
        assert.equal((JSON.parse(command) as string[])[1], job);
      }
    });
  });

suite('in production, a large drill', async () => {
  const resources = resourcesOf(await synthesize('production'));
  const found = ofType(resources, 'aws_scheduler_schedule').find(({ id }) =>
    id.endsWith('crm-database-drill'),
  );
  const target = found?.attributes['target'] as Attributes;

  test('brings its volume along, encrypted, and deleted when it ends', () => {
    assert.equal(target['arn'], 'arn:aws:scheduler:::aws-sdk:ecs:runTask');
    const input = JSON.parse(String(target['input'])) as Record<string, unknown>;
    assert.partialDeepStrictEqual(input, {
      LaunchType: 'FARGATE',
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: 'DISABLED' } },
      Overrides: { ContainerOverrides: [{ Name: 'agent' }] },
      VolumeConfigurations: [
        {
          Name: 'work',
          ManagedEBSVolume: {
            Encrypted: true,
            SizeInGiB: 400,
            TerminationPolicy: { DeleteOnTermination: true },
          },
        },
      ],
    });
  });
});

suite('secrets', async () => {
  const account = '111122223333';
  const resources = resourcesOf(await synthesize('production'));
  const policyOf = (type: string, id: string) =>
    String(resources.find((one) => one.type === type && one.id === id)?.attributes['policy']);
  const boundary = policyOf('aws_iam_policy', 'workload-boundary');
  const secrets = ofType(resources, 'aws_secretsmanager_secret');
  const readers: Readonly<Record<string, readonly string[]>> = {
    'agent_writer-key': ['agent-run-start'],
    'agent_copier-key': ['agent-copy-start'],
    'agent_curator-key': ['agent-curate-start'],
    'agent_pruner-key': ['agent-prune-start'],
    'agent_metadata-identity': [
      'agent-curate-start',
      'agent-restore-start',
      'agent-run-start',
      'agent-verify-start',
    ],
    'agent_recovery-identity': ['agent-restore-start'],
    'agent_target-password': ['agent-restore-start'],
    'offsite-agent_curator-key': ['agent-curate-offsite-start'],
    'offsite-agent_drill-key': ['agent-drill-start'],
    'offsite-agent_pruner-key': ['agent-prune-offsite-start'],
    'offsite-agent_metadata-identity': [
      'agent-curate-offsite-start',
      'agent-drill-start',
      'agent-restore-offsite-start',
      'agent-verify-offsite-start',
    ],
    'offsite-agent_recovery-identity': ['agent-drill-start', 'agent-restore-offsite-start'],
    'offsite-agent_target-password': ['agent-restore-offsite-start'],
  };
  /** ARNs as AWS would know them after apply. */
  const known = (text: string) =>
    text.replaceAll(
      /\$\{aws_(secretsmanager_secret|kms_key)\.((?:offsite-)?agent)_([\w-]+)\.arn\}/g,
      (_, type: string, site: string, id: string) =>
        type === 'kms_key'
          ? `arn:aws:kms:${regionOf(site)}:${account}:key/${site}-${id}`
          : secretArn(`${site}_${id}`),
    );
  const regionOf = (site: string) => (site.startsWith('offsite') ? 'eu-west-1' : 'eu-central-1');
  const secretArn = (id: string) =>
    `arn:aws:secretsmanager:${regionOf(id)}:${account}:secret:${id}-AbCdEf`;

  /** Every role of the agent, those that start tasks included, with its rights. */
  const roles = ofType(resources, 'aws_iam_role').flatMap(({ id, attributes }) => {
    const name = String(attributes['name']).replace('holdfast-production-', '');
    if (!name.startsWith('agent-')) return [];
    const rights = policyOf('aws_iam_role_policy', id.replace(/-role$/, '-rights'));
    return [{ name, rights: known(rights) }];
  });

  async function reads({ name, rights }: { name: string; rights: string }, id: string) {
    const arn = `arn:aws:iam::${account}:role/holdfast-production-workload/holdfast-production-${name}`;
    const region = regionOf(id);
    const call = {
      principal: arn,
      resourceAccount: account,
      context: {
        'aws:PrincipalArn': arn,
        'aws:PrincipalAccount': account,
        'aws:RequestedRegion': region,
        'aws:SecureTransport': 'true',
      },
    };
    const gets = await isAllowed(
      { ...call, action: 'secretsmanager:GetSecretValue', resource: secretArn(id) },
      {
        identity: [rights],
        boundary,
        resource: policyOf('aws_secretsmanager_secret_policy', `${id}-policy`),
      },
    );
    return gets;
  }

  test('are read by the roles that start the tasks which need them, and by no other', async () => {
    assert.deepEqual(secrets.map(({ id }) => id).sort(), Object.keys(readers).sort());
    assert.ok(roles.length > 15);
    for (const { id } of secrets) {
      const found: string[] = [];
      for (const role of roles) if (await reads(role, id)) found.push(role.name);
      assert.deepEqual(found.sort(), readers[id], id);
    }
  });

  test('stay closed to who may read all secrets of the account', async () => {
    const rights = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    });
    for (const { id } of secrets)
      assert.ok(!(await reads({ name: 'administrator', rights }, id)), id);
  });

  test('have no value in Terraform, and the recovery identity has a key of its own', () => {
    assert.equal(ofType(resources, 'aws_secretsmanager_secret_version').length, 0);
    const keys = new Map(secrets.map(({ id, attributes }) => [id, attributes['kms_key_id']]));
    for (const site of ['agent', 'offsite-agent']) {
      const identity = keys.get(`${site}_recovery-identity`);
      assert.ok(identity);
      assert.equal([...keys.values()].filter((key) => key === identity).length, 1);
    }
  });

  test('the writer, and what starts it, have no way to the recovery identity', async () => {
    const writers = roles.filter(({ name }) => name.startsWith('agent-run'));
    assert.equal(writers.length, 2);
    for (const role of writers)
      for (const site of ['agent', 'offsite-agent']) {
        assert.ok(!(await reads(role, `${site}_recovery-identity`)), role.name);
        const region = regionOf(site);
        const opens = await isAllowed(
          {
            principal: `arn:aws:iam::${account}:role/holdfast-production-workload/holdfast-production-${role.name}`,
            action: 'kms:Decrypt',
            resource: `arn:aws:kms:${region}:${account}:key/${site}-identity_key`,
            resourceAccount: account,
            context: {
              'kms:CallerAccount': account,
              'kms:ViaService': `secretsmanager.${region}.amazonaws.com`,
              'aws:RequestedRegion': region,
            },
          },
          {
            identity: [role.rights],
            boundary,
            resource: policyOf('aws_kms_key', `${site}_identity_key`),
          },
        );
        assert.ok(!opens, `${role.name} ${site}`);
      }
  });
});

suite('an impossible job', () => {
  test('is refused when the environment is read, at its path', async () => {
    const url = new URL('../../stacks/environments/production.yaml', import.meta.url);
    const text = await readFile(url, 'utf8');
    const cases: [string, string, RegExp][] = [
      ['repository: vault', 'repository: elsewhere', /jobs\.crm-database\.repository: must be/],
      ['${attachments}', '${uploads}', /jobs\.crm-attachments\.source: names \$\{uploads\}/],
      ["'0 1 * * 0'", "'0 25 * * 0'", /jobs\.crm-database\.schedules\.full: hour 25/],
      ['127.0.0.1:5432/drill', 'db.internal/drill', /drill\.sandbox: must be/],
      ['job: crm-attachments', 'job: crm-nothing', /attachments\.job: names job/],
      ['copies: [offsite]', 'copies: []', /schedules\.copy: needs/],
    ];
    for (const [from, to, message] of cases) {
      assert.ok(text.includes(from), from);
      assert.throws(() => parseEnvironment(text.replace(from, to)), message, to);
    }
  });

  test('is refused at synthesis when its configuration does not fit into a parameter', async () => {
    const production = await loadEnvironment('production');
    const database = production.jobs['crm-database'] ?? assert.fail();
    const probes = Array.from({ length: 100 }, (_, index) => ({
      name: `probe ${index}`,
      query: `SELECT count(*) FROM crm.deals WHERE id % 100 = ${index}`,
      expect: { atLeast: 1 },
      timeout: 60_000,
    }));
    const drill = { ...(database.drill ?? assert.fail()), probes };
    const jobs = { ...production.jobs, 'crm-database': { ...database, drill } };
    await assert.rejects(synthesize({ ...production, jobs }), (error) => {
      assert.ok(error instanceof JobRefused);
      assert.match(error.message, /a parameter takes 8192/);
      return true;
    });
  });
});
