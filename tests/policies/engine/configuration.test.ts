import assert from 'node:assert/strict';
import { test } from 'node:test';
import { graphOf, LoadError } from '../../../policies/engine/load.ts';
import type { Graph } from '../../../policies/engine/graph.ts';
import { display, textOf } from '../../../policies/engine/value.ts';

const graph = (content: Record<string, unknown>, name = ''): Graph =>
  graphOf([{ name, file: 'cdk.tf.json', content }]);
const shown = (from: Graph, address: string, path: string): string =>
  display(from.at(address)?.get(path));

test('references, locals, variables with defaults and other locals are resolved', () => {
  const found = graph({
    variable: { zone: { default: 'a' }, secret: {} },
    locals: { name: '${var.zone}-files', twice: '${local.name}-${local.name}' },
    resource: {
      aws_s3_bucket: {
        one: { bucket: '${local.twice}' },
        two: { bucket: '${aws_s3_bucket.one.bucket}-copy', tags: { secret: '${var.secret}' } },
      },
    },
  });
  assert.equal(shown(found, 'aws_s3_bucket.two', 'bucket'), 'a-files-a-files-copy');
  assert.equal(shown(found, 'aws_s3_bucket.two', 'tags.secret'), '(unknown: var.secret)');
});

test('values that need themselves end as unknown, not in a loop', () => {
  const found = graph({
    locals: { a: '${local.b}', b: '${local.a}' },
    resource: { aws_s3_bucket: { x: { bucket: '${local.a}' } } },
  });
  assert.match(shown(found, 'aws_s3_bucket.x', 'bucket'), /refers to itself/);
});

test('count and for_each make instances, which others refer to by key', () => {
  const found = graph({
    resource: {
      aws_subnet: {
        many: { count: 2, cidr_block: '${cidrsubnet("10.0.0.0/16", 8, count.index)}' },
      },
      aws_s3_bucket: {
        each: { for_each: '${toset(["a", "b"])}', bucket: 'files-${each.key}' },
        some: { for_each: '${var.unknown}', bucket: '${each.value}' },
      },
      aws_db_subnet_group: {
        all: {
          subnet_ids: '${aws_subnet.many[*].id}',
          name: '${aws_s3_bucket.each["b"].bucket}',
          description: '${aws_s3_bucket.some["x"].bucket}',
        },
      },
    },
  });
  assert.deepEqual(
    found.resources.map(({ address }) => address),
    [
      'aws_subnet.many[0]',
      'aws_subnet.many[1]',
      'aws_s3_bucket.each["a"]',
      'aws_s3_bucket.each["b"]',
      'aws_s3_bucket.some[*]',
      'aws_db_subnet_group.all',
    ],
  );
  assert.equal(shown(found, 'aws_subnet.many[1]', 'cidr_block'), '10.0.1.0/24');
  assert.equal(shown(found, 'aws_db_subnet_group.all', 'name'), 'files-b');
  assert.equal(
    found.referents(found.at('aws_db_subnet_group.all')?.get('subnet_ids'), 'aws_subnet').length,
    2,
  );
});

test('dynamic blocks are written out when what they loop over is known', () => {
  const found = graph({
    resource: {
      aws_security_group: {
        g: {
          dynamic: {
            ingress: { for_each: '${[22, 80]}', content: { from_port: '${ingress.value}' } },
          },
        },
        h: { dynamic: { ingress: { for_each: '${var.x}', content: {} } } },
      },
    },
  });
  assert.deepEqual(
    found
      .at('aws_security_group.g')
      ?.blocks('ingress')
      .map(({ from_port }) => from_port),
    [22, 80],
  );
  assert.match(shown(found, 'aws_security_group.h', 'ingress'), /unknown/);
});

test('policy documents are rendered, with their sources and overrides', () => {
  const found = graph({
    data: {
      aws_iam_policy_document: {
        base: { statement: { sid: 'A', actions: ['s3:Get*'], resources: ['*'] } },
        full: {
          source_policy_documents: ['${data.aws_iam_policy_document.base.json}'],
          statement: [
            {
              effect: 'Deny',
              actions: ['s3:Put*'],
              resources: ['*'],
              principals: [{ type: 'AWS', identifiers: ['*'] }],
              condition: { test: 'Bool', variable: 'a', values: ['b'] },
            },
          ],
          override_policy_documents: [
            '${jsonencode({"Statement" = [{"Sid" = "A", "Effect" = "Allow", "Action" = "none"}]})}',
          ],
        },
      },
    },
    resource: { aws_iam_policy: { p: { policy: '${data.aws_iam_policy_document.full.json}' } } },
  });
  assert.deepEqual(JSON.parse(textOf(found.at('aws_iam_policy.p')?.get('policy'))), {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'A', Effect: 'Allow', Action: 'none' },
      {
        Effect: 'Deny',
        Action: ['s3:Put*'],
        Resource: ['*'],
        Principal: { AWS: ['*'] },
        Condition: { Bool: { a: ['b'] } },
      },
    ],
  });
});

test('providers give region, account and default tags, by alias', () => {
  const found = graph({
    provider: {
      aws: [
        { region: 'eu-central-1', default_tags: [{ tags: { Owner: 'platform' } }] },
        {
          alias: 'offsite',
          region: 'eu-west-1',
          assume_role: [{ role_arn: 'arn:aws:iam::444455556666:role/x' }],
        },
      ],
    },
    data: { aws_partition: { here: {} }, aws_region: { there: { provider: 'aws.offsite' } } },
    resource: {
      aws_s3_bucket: {
        home: { bucket: '${data.aws_partition.here.partition}', tags: { A: 'b' } },
        away: { provider: '${aws.offsite}', bucket: '${data.aws_region.there.region}' },
        own: { region: 'us-east-1' },
      },
    },
  });
  assert.deepEqual(
    ['home', 'away', 'own'].map((name) => found.at(`aws_s3_bucket.${name}`)?.region),
    ['eu-central-1', 'eu-west-1', 'us-east-1'],
  );
  assert.deepEqual(found.at('aws_s3_bucket.home')?.tags, { Owner: 'platform', A: 'b' });
  assert.equal(found.at('aws_s3_bucket.away')?.account, '444455556666');
  assert.deepEqual(
    [shown(found, 'aws_s3_bucket.home', 'bucket'), shown(found, 'aws_s3_bucket.away', 'bucket')],
    ['aws', 'eu-west-1'],
  );
});

test('outputs of other stacks are followed through remote state, by CDKTF name or by backend', () => {
  const network = {
    terraform: { backend: { s3: { bucket: 'state', key: 'network.tfstate' } } },
    resource: { aws_vpc: { main: { cidr_block: '10.0.0.0/16' } } },
    output: {
      vpc: { value: '${aws_vpc.main.id}', sensitive: true },
      range: { value: '${aws_vpc.main.cidr_block}' },
    },
  };
  const read = (input: string): string => `\${data.terraform_remote_state.${input}.outputs`;
  const data = {
    data: {
      terraform_remote_state: {
        'cross-stack-reference-input-network': { backend: 's3', config: {} },
        byBackend: { backend: 's3', config: { bucket: 'state', key: 'network.tfstate' } },
        other: { backend: 's3', config: { bucket: 'state', key: 'other' } },
      },
    },
    resource: {
      aws_subnet: {
        a: {
          vpc_id: `${read('cross-stack-reference-input-network')}.vpc}`,
          cidr_block: `\${cidrsubnet(data.terraform_remote_state.byBackend.outputs.range, 8, 1)}`,
        },
        b: { vpc_id: `${read('other')}.vpc}` },
      },
    },
  };
  const found = graphOf([
    { name: 'data', file: 'd', content: data },
    { name: 'network', file: 'n', content: network },
  ]);
  assert.deepEqual(
    found
      .referents(found.at('data/aws_subnet.a')?.get('vpc_id'), 'aws_vpc')
      .map(({ address }) => address),
    ['network/aws_vpc.main'],
  );
  assert.equal(shown(found, 'data/aws_subnet.a', 'cidr_block'), '10.0.1.0/24');
  assert.match(shown(found, 'data/aws_subnet.b', 'vpc_id'), /unknown: remote state/);
});

test('what is not Terraform is refused by name', () => {
  for (const content of [
    [],
    'x',
    null,
    { resource: { aws_vpc: 'x' } },
    { format_version: '1.2', planned_values: { root_module: { resources: [{}] } } },
  ])
    assert.throws(
      () => graphOf([{ name: '', file: 'bad.json', content }]),
      (error: unknown) => error instanceof LoadError && error.message.includes('bad.json'),
    );
});

test('the construct and its source line are taken from the metadata where they are', () => {
  const found = graph({
    resource: {
      aws_vpc: {
        v: {
          '//': {
            metadata: {
              path: 'network/vpc',
              uniqueId: 'v',
              stackTrace: [
                'new TerraformElement (/x/node_modules/cdktf/e.js:1:1)',
                'main (/app/stacks/network.ts:12:5)',
              ],
            },
          },
        },
      },
    },
  });
  assert.deepEqual(found.at('aws_vpc.v')?.origin, {
    file: 'cdk.tf.json',
    construct: 'network/vpc',
    source: '/app/stacks/network.ts:12:5',
  });
});
