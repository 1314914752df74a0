import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { graphOf } from '../../../policies/engine/load.ts';
import { textOf } from '../../../policies/engine/value.ts';
import { isAllowed } from '../iam/simulate.ts';
import { synthesize } from '../support.ts';
import {
  bucketActions,
  dangers,
  keyActions,
  objectActions,
  topicActions,
} from './endangering-calls.ts';
import { principalsOf, type Principal } from './principals.ts';

const account = '111122223333';
const region = 'eu-central-1';
const stacks = await synthesize('production');
const graph = graphOf(
  Object.entries(stacks).map(([name, content]) => ({ name, file: `${name}/cdk.tf.json`, content })),
);
const principals = principalsOf(graph, account);
const name = 'holdfast-production';
const isBreakGlass = (one: Principal) => one.name === `${name}-break-glass`;
const breakGlass = principals.find(isBreakGlass) ?? assert.fail();

/** Who holds every right in the account, but is no role of the stacks. */
const everything = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});
const administrator: Principal = {
  name: 'administrator',
  arn: `arn:aws:iam::${account}:role/administrator`,
  identity: [everything],
  boundary: everything,
};

function may(one: Principal, action: string, resource: string, policy?: string): Promise<boolean> {
  return isAllowed(
    {
      principal: one.arn,
      action,
      resource,
      resourceAccount: account,
      context: {
        'aws:PrincipalArn': one.arn,
        'aws:PrincipalAccount': account,
        'aws:PrincipalIsAWSService': 'false',
        'aws:RequestedRegion': region,
        'aws:SecureTransport': 'true',
        ...(action.startsWith('s3:') ? { 's3:TlsVersion': '1.3' } : {}),
      },
    },
    {
      identity: one.identity,
      boundary: one.boundary,
      ...(policy === undefined ? {} : { resource: policy }),
    },
  );
}

function policyOf(type: string, id: string): string {
  const found = graph.at(`audit/${type}.${id}`);
  assert.ok(found, `${type}.${id}`);
  return textOf(found.get('policy'));
}

/** Break-glass may, and no other of these. */
async function onlyBreakGlass(
  others: readonly Principal[],
  actions: readonly string[],
  resource: string,
  policy?: string,
): Promise<void> {
  for (const action of actions) {
    assert.ok(await may(breakGlass, action, resource, policy), `break-glass ${action}`);
    for (const one of others)
      assert.ok(!(await may(one, action, resource, policy)), `${one.name} ${action} ${resource}`);
  }
}

suite('what records and watches', () => {
  const others = principals.filter((one) => !isBreakGlass(one));
  /** What has a policy of its own holds against those who hold every right, too. */
  const everybody = [...others, administrator];

  test('is judged over every role of the stacks: people, CI and services', () => {
    assert.ok(others.length > 15, String(others.length));
    for (const role of ['deploy', 'platform-engineer', 'auditor', 'agent-run'])
      assert.ok(
        others.some((one) => one.name === `${name}-${role}`),
        role,
      );
  });

  for (const { what, resource, actions } of dangers)
    test(`${what}: only break-glass stops, deletes or narrows it`, () =>
      onlyBreakGlass(others, actions, resource));

  for (const bucket of ['audit-trail', 'audit-configuration', 'audit-evidence', 'audit-logs'])
    test(`the bucket ${bucket}: only break-glass ends, empties, opens or shortens it, administrators do not; nobody forges`, async () => {
      const arn = `arn:aws:s3:::${name}-${bucket}-${account}`;
      const id = bucket === 'audit-logs' ? 'access-logs' : bucket.replace('audit-', '');
      const policy = policyOf('aws_s3_bucket_policy', `records_${id}_policy`);
      await onlyBreakGlass(everybody, bucketActions, arn, policy);
      const record = `${arn}/AWSLogs/${account}/CloudTrail/eu-central-1/2026/11/27/one.json.gz`;
      await onlyBreakGlass(everybody, objectActions, record, policy);
      const evidence = `${arn}/incidents/SEC-1/i-0abc/1.json`;
      for (const one of [breakGlass, ...everybody])
        assert.equal(
          await may(one, 's3:PutObject', evidence, policy),
          bucket === 'audit-evidence' && one.name === `${name}-audit-isolation`,
          `${one.name} writes`,
        );
    });

  for (const key of ['records_encryption_key', 'notices_encryption_key'])
    test(`${key}: only break-glass disables or deletes it, against administrators too`, () =>
      onlyBreakGlass(
        everybody,
        keyActions,
        `arn:aws:kms:${region}:${account}:key/11111111-2222-4333-8444-555555555555`,
        policyOf('aws_kms_key', key),
      ));

  for (const topic of ['notices_audit-urgent', 'notices_audit-routine', 'trail_audit-deliveries'])
    test(`${topic}: only break-glass deletes it or changes who hears it`, () =>
      onlyBreakGlass(
        everybody,
        topicActions,
        `arn:aws:sns:${region}:${account}:${name}-${topic.replace(/^\w+?_/, '')}`,
        policyOf('aws_sns_topic_policy', `${topic}_policy`).replaceAll(/\$\{[^}]+\}/g, '*'),
      ));

  test('CI cannot hand itself the right: it writes neither the state of audit nor that of identity', async () => {
    const ci = others.find((one) => one.name === `${name}-deploy`) ?? assert.fail();
    const state = (stack: string) => `arn:aws:s3:::${name}-state-${account}/${stack}.tfstate`;
    for (const stack of ['audit', 'identity'])
      for (const action of ['s3:PutObject', 's3:DeleteObject'])
        assert.ok(!(await may(ci, action, state(stack))), `${action} ${stack}`);
    assert.ok(await may(ci, 's3:PutObject', state('network')));
    assert.ok(await may(ci, 's3:GetObject', state('identity')), 'the others refer to it');
  });
});
