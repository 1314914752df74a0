import assert from 'node:assert/strict';
import { test } from 'node:test';
import { graphOf } from '../../../policies/engine/load.ts';
import { isOpaque } from '../../../policies/engine/value.ts';

const bucket = (address: string, values: object = {}): object => {
  const [type, name] = address.split('.').slice(-2);
  return { address, mode: 'managed', type, name: (name ?? '').replace(/\[.*$/, ''), values };
};

/** A plan in which a module's versioning refers to a bucket made outside of it. */
const plan = {
  format_version: '1.2',
  planned_values: {
    root_module: {
      resources: [
        bucket('aws_s3_bucket.files[0]', { bucket: 'a' }),
        bucket('aws_s3_bucket.files[1]', { bucket: 'b' }),
      ],
      child_modules: [
        {
          address: 'module.guard["x"]',
          resources: [
            bucket('module.guard["x"].aws_s3_bucket_versioning.v[1]', {
              versioning_configuration: [{ status: 'Enabled' }],
            }),
          ],
        },
      ],
    },
  },
  prior_state: {
    values: {
      root_module: {
        resources: [
          {
            address: 'data.aws_region.here',
            mode: 'data',
            type: 'aws_region',
            name: 'here',
            values: { region: 'eu-central-1' },
          },
        ],
      },
    },
  },
  resource_changes: [
    { address: 'aws_s3_bucket.files[0]', change: { after_unknown: { id: true, arn: true } } },
    {
      address: 'module.guard["x"].aws_s3_bucket_versioning.v[1]',
      change: { after_unknown: { bucket: true, id: true, versioning_configuration: [{}] } },
    },
  ],
  configuration: {
    provider_config: { aws: { expressions: { region: { constant_value: 'eu-central-1' } } } },
    root_module: {
      resources: [{ address: 'aws_s3_bucket.files', provider_config_key: 'aws', expressions: {} }],
      module_calls: {
        guard: {
          expressions: {
            target: {
              references: [
                'aws_s3_bucket.files[1].id',
                'aws_s3_bucket.files[1]',
                'aws_s3_bucket.files',
              ],
            },
          },
          module: {
            resources: [
              {
                address: 'aws_s3_bucket_versioning.v',
                expressions: { bucket: { references: ['var.target'] } },
              },
            ],
          },
        },
      },
    },
  },
};

test('unknown attributes of a plan refer to what its configuration names, through modules', () => {
  const graph = graphOf([{ name: '', file: 'plan.json', content: plan }]);
  const versioning = graph.at('module.guard["x"].aws_s3_bucket_versioning.v[1]');
  assert.deepEqual(
    graph.referents(versioning?.get('bucket'), 'aws_s3_bucket').map(({ address }) => address),
    ['aws_s3_bucket.files[1]'],
  );
  assert.equal(versioning?.get('versioning_configuration.status'), 'Enabled');
  assert.ok(isOpaque(versioning?.get('id') ?? null));
  assert.equal(graph.at('aws_s3_bucket.files[0]')?.region, 'eu-central-1');
  assert.equal(graph.at('data.aws_region.here')?.get('region'), 'eu-central-1');
});

test('the state that Terraform shows reads like a plan without changes', () => {
  const graph = graphOf([
    {
      name: '',
      file: 'state.json',
      content: { format_version: '1.0', values: plan.planned_values },
    },
  ]);
  assert.equal(graph.resources.length, 3);
});

test('two resources whose names are both unknown are not taken for one another', () => {
  const graph = graphOf([{ name: '', file: 'plan.json', content: plan }]);
  const unknown = graph.at('module.guard["x"].aws_s3_bucket_versioning.v[1]')?.get('id');
  assert.deepEqual(graph.referents(unknown, 'aws_s3_bucket', 'aws_s3_bucket_versioning'), []);
});
