import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { execa } from 'execa';
import { parse } from 'yaml';
import { z } from 'zod';
import { graphOf } from '../../../policies/engine/load.ts';
import { textOf } from '../../../policies/engine/value.ts';
import { isAllowed } from '../iam/simulate.ts';
import { environmentNames, synthesize } from '../support.ts';
import {
  danglingReferences,
  runbook,
  type ParsedRunbook,
  type RunbookStep,
} from './automation-schema.ts';
import { matchesPattern, renderMessage } from './event-pattern.ts';
import { principalsOf } from './principals.ts';

const account = '111122223333';
const region = 'eu-central-1';
const prefix = 'holdfast-production';
const keyArn = `arn:aws:kms:${region}:${account}:key/11111111-2222-4333-8444-555555555555`;
const python = process.env['PYTHON'] ?? 'python3';
const hasPython = (await execa(python, ['--version'], { reject: false })).exitCode === 0;

async function graphFor(name: (typeof environmentNames)[number]) {
  const stacks = await synthesize(name);
  return graphOf(
    Object.entries(stacks).map(([stack, content]) => ({
      name: stack,
      file: `${stack}/cdk.tf.json`,
      content,
    })),
  );
}
const graph = await graphFor('production');

function runbooksOf(all: typeof graph): Map<string, ParsedRunbook> {
  return new Map(
    all.of('aws_ssm_document').map((document) => {
      assert.equal(document.get('document_type'), 'Automation');
      assert.equal(document.get('document_format'), 'YAML');
      return [document.name, runbook.parse(parse(textOf(document.get('content'))))] as const;
    }),
  );
}
const runbooks = runbooksOf(graph);
const isolations = ['isolation_isolate-database', 'isolation_isolate-instance'] as const;
const runbookOf = (name: string) => runbooks.get(name) ?? assert.fail(name);
const stepOf = (name: string, step: string) =>
  runbookOf(name).mainSteps.find((one) => one.name === step) ?? assert.fail(step);

const filtering = z.object({ Filters: z.array(z.object({ Values: z.array(z.string()) })) });
const keeping = z.object({ InputPayload: z.object({ bucket: z.string() }) });

/** The steps that call an API, those within loops among them. */
function callsOf({ mainSteps }: ParsedRunbook) {
  const flat = mainSteps.flatMap((step): RunbookStep[] =>
    step.action === 'aws:loop' ? step.inputs.Steps : [step],
  );
  return flat.flatMap((step) =>
    step.action === 'aws:executeAwsApi' || step.action === 'aws:waitForAwsResourceProperty'
      ? [step.inputs]
      : [],
  );
}

suite('the runbooks that isolate', () => {
  for (const name of environmentNames)
    test(`keep to AWS's schema in ${name}`, async () => {
      assert.deepEqual([...runbooksOf(await graphFor(name)).keys()].sort(), isolations);
    });

  test('are refused by that schema when they are wrong', () => {
    const good = runbookOf('isolation_isolate-instance');
    const [first, ...others] = good.mainSteps;
    for (const wrong of [
      { ...good, schemaVersion: '0.1' },
      { ...good, mainSteps: [] },
      { ...good, steps: good.mainSteps },
      { ...good, mainSteps: [{ ...first, action: 'aws:callApi' }, ...others] },
      { ...good, mainSteps: [{ ...first, onFailure: 'Ignore' }, ...others] },
      { ...good, mainSteps: [{ ...first, inputs: { Service: 'ec2' } }, ...others] },
    ])
      assert.ok(!runbook.safeParse(wrong).success);
    const dangling = { ...good, mainSteps: others };
    assert.deepEqual(danglingReferences(dangling).slice(0, 1), ['findQuarantine: describe.VpcId']);
  });

  for (const name of isolations) {
    test(`${name}: every step names what an earlier one found`, () => {
      assert.deepEqual(danglingReferences(runbookOf(name)), []);
      const names = runbookOf(name).mainSteps.map((step) => step.name);
      assert.deepEqual(names, [...new Set(names)]);
      assert.deepEqual(
        runbookOf(name).mainSteps.map(({ isEnd }) => isEnd === true),
        names.map((_, index) => index === names.length - 1),
      );
    });

    test(`${name}: cuts off before it takes its time, and goes on when evidence fails`, () => {
      const names = runbookOf(name).mainSteps.map((step) => step.name);
      assert.deepEqual(names.slice(0, 4), ['describe', 'findQuarantine', 'keepFacts', 'isolate']);
      assert.equal(stepOf(name, 'keepFacts').onFailure, 'Continue');
      assert.equal(stepOf(name, 'keepFacts').isCritical, true, 'the run still fails');
      assert.equal(stepOf(name, 'isolate').onFailure, 'Abort');
      assert.ok(names.includes('tag') && names.includes('snapshot'));
    });

    test(`${name}: names the role, the group and the bucket that the stacks make`, () => {
      const { assumeRole } = runbookOf(name);
      const [role] = graph.referents(assumeRole, 'aws_iam_role');
      assert.equal(role?.get('name'), `${prefix}-audit-isolation`);

      const find = filtering.parse(stepOf(name, 'findQuarantine').inputs);
      const [wanted] = find.Filters[0]?.Values ?? [];
      const group = graph.of('aws_security_group').find((one) => one.get('name') === wanted);
      assert.equal(group?.stack, 'network');
      assert.deepEqual([group.get('ingress'), group.get('egress')], [undefined, undefined]);
      for (const type of [
        'aws_vpc_security_group_ingress_rule',
        'aws_vpc_security_group_egress_rule',
      ])
        assert.deepEqual(graph.referrers(group, type, 'security_group_id'), []);

      const keep = keeping.parse(stepOf(name, 'keepFacts').inputs);
      const [bucket] = graph.referents(keep.InputPayload.bucket, 'aws_s3_bucket');
      assert.equal(bucket?.get('bucket'), `${prefix}-audit-evidence-${account}`);
      assert.equal(bucket.get('object_lock_enabled'), true);
    });
  }

  test('lock snapshots as long as the trail is kept', () => {
    const lock = stepOf('isolation_isolate-instance', 'lock');
    assert.ok(lock.action === 'aws:loop');
    assert.partialDeepStrictEqual(lock.inputs.Steps[0]?.inputs, {
      Api: 'LockSnapshot',
      LockMode: 'compliance',
      LockDuration: 3653,
    });
  });

  test(
    'keep facts by a script that writes them as JSON, under the incident',
    { skip: hasPython ? false : 'python3 is missing' },
    async () => {
      const step = stepOf('isolation_isolate-instance', 'keepFacts');
      assert.ok(step.action === 'aws:executeScript');
      const facts = { InstanceId: 'i-0abc', SecurityGroups: [{ GroupId: 'sg-1' }] };
      const events = { bucket: 'evidence', key: 'incidents/SEC-1/one.json', facts };
      // In the place of AWS's library stands one that says what it was asked.
      const program = [
        'import sys, types, json',
        'calls = []',
        'class Client:',
        '    def put_object(self, **call): calls.append({**call, "Body": call["Body"].decode()})',
        'sys.modules["boto3"] = types.SimpleNamespace(client=lambda name: Client())',
        'script, events = json.load(sys.stdin)',
        'scope = {}',
        'exec(script, scope)',
        `result = scope["${step.inputs.Handler}"](events, None)`,
        'print(json.dumps({"result": result, "calls": calls}))',
      ].join('\n');
      const { stdout } = await execa(python, ['-c', program], {
        input: JSON.stringify([step.inputs.Script, events]),
      });
      const { result, calls } = JSON.parse(stdout) as {
        result: unknown;
        calls: { Body: string; Bucket: string; Key: string }[];
      };
      assert.deepEqual(result, { key: events.key });
      assert.equal(calls.length, 1);
      assert.equal(calls[0]?.Bucket, 'evidence');
      assert.equal(calls[0].Key, events.key);
      assert.deepEqual(JSON.parse(calls[0].Body), facts);
    },
  );
});

suite('the role that isolates', () => {
  const role =
    principalsOf(graph, account).find((one) => one.name === `${prefix}-audit-isolation`) ??
    assert.fail();
  const policies = graph
    .of('aws_iam_role_policy')
    .filter((one) => one.get('name') === 'audit-isolation')
    .map((one) => textOf(one.get('policy')).replaceAll(/\$\{[^}]+\}/g, keyArn));
  const evidence = `arn:aws:s3:::${prefix}-audit-evidence-${account}`;
  const ec2 = (resource: string) => `arn:aws:ec2:${region}:${account}:${resource}`;
  const snapshot = `arn:aws:ec2:${region}::snapshot/snap-0abc`;
  const database = `arn:aws:rds:${region}:${account}:db:${prefix}-crm`;
  const quarantine = { 'aws:ResourceTag/Name': `${prefix}-quarantine` };

  const may = (action: string, resource: string, context: Record<string, string | string[]> = {}) =>
    isAllowed(
      {
        principal: role.arn,
        action,
        resource,
        resourceAccount: account,
        context: {
          'aws:PrincipalArn': role.arn,
          'aws:PrincipalAccount': account,
          'aws:RequestedRegion': region,
          ...context,
        },
      },
      { identity: policies, boundary: role.boundary },
    );

  test('may do what the steps of the runbooks call', async () => {
    const resources: Record<string, [string, Record<string, string | string[]>?][]> = {
      'ec2:DescribeInstances': [['*']],
      'ec2:DescribeSecurityGroups': [['*']],
      'ec2:ModifyNetworkInterfaceAttribute': [
        [ec2('network-interface/eni-0abc')],
        [ec2('security-group/sg-0abc'), quarantine],
      ],
      'ec2:ModifyInstanceAttribute': [
        [ec2('instance/i-0abc'), { 'ec2:Attribute': 'DisableApiTermination' }],
      ],
      'ec2:CreateTags': [
        [ec2('instance/i-0abc'), { 'aws:TagKeys': ['Incident', 'IsolatedAt'] }],
        [snapshot, { 'ec2:CreateAction': 'CreateSnapshots' }],
      ],
      'ec2:CreateSnapshots': [[ec2('instance/i-0abc')], [ec2('volume/vol-0abc')], [snapshot]],
      'ec2:LockSnapshot': [[snapshot, { 'aws:ResourceTag/Incident': 'SEC-1' }]],
      'rds:DescribeDBInstances': [[database]],
      'rds:ModifyDBInstance': [[database]],
      'rds:AddTagsToResource': [[database]],
      'rds:CreateDBSnapshot': [
        [database],
        [`arn:aws:rds:${region}:${account}:snapshot:${prefix}-crm-SEC-1`],
      ],
    };
    const called = isolations.flatMap((name) => callsOf(runbookOf(name)));
    assert.deepEqual(
      [...new Set(called.map(({ Service, Api }) => `${Service}:${Api}`))].sort(),
      Object.keys(resources).sort(),
    );
    for (const [action, targets] of Object.entries(resources))
      for (const [resource, context] of targets)
        assert.ok(await may(action, resource, context), `${action} ${resource}`);
    assert.ok(await may('s3:PutObject', `${evidence}/incidents/SEC-1/i-0abc/1.json`));
  });

  test('may do nothing else', async () => {
    for (const [action, resource, context] of [
      ['ec2:TerminateInstances', ec2('instance/i-0abc')],
      ['ec2:StopInstances', ec2('instance/i-0abc')],
      // Out of quarantine again, or into any other group.
      ['ec2:ModifyNetworkInterfaceAttribute', ec2('security-group/sg-0abc')],
      ['ec2:ModifyInstanceAttribute', ec2('instance/i-0abc'), { 'ec2:Attribute': 'UserData' }],
      ['ec2:CreateTags', ec2('instance/i-0abc'), { 'aws:TagKeys': ['Owner'] }],
      ['ec2:CreateTags', snapshot],
      ['ec2:DeleteSnapshot', snapshot],
      ['ec2:LockSnapshot', snapshot],
      ['ec2:UnlockSnapshot', snapshot],
      ['ec2:ModifySnapshotAttribute', snapshot],
      ['ec2:AuthorizeSecurityGroupIngress', ec2('security-group/sg-0abc')],
      ['rds:ModifyDBInstance', `arn:aws:rds:${region}:${account}:db:other`],
      ['rds:DeleteDBInstance', database],
      ['s3:GetObject', `${evidence}/incidents/SEC-1/i-0abc/1.json`],
      ['s3:DeleteObject', `${evidence}/incidents/SEC-1/i-0abc/1.json`],
      ['s3:PutObject', `${evidence}/elsewhere.json`],
      ['s3:PutObject', `arn:aws:s3:::${prefix}-audit-trail-${account}/x`],
      ['iam:PutRolePolicy', role.arn],
    ] as [string, string, Record<string, string | string[]>?][])
      assert.ok(!(await may(action, resource, context)), `${action} ${resource}`);
  });
});

test('both contacts hear how an isolation ended', () => {
  const rule = graph.at('audit/aws_cloudwatch_event_rule.isolation_ended') ?? assert.fail();
  const pattern = JSON.parse(textOf(rule.get('event_pattern'))) as unknown;
  const event = (Definition: string, Status: string) => ({
    source: 'aws.ssm',
    'detail-type': 'EC2 Automation Execution Status-change Notification',
    account,
    region,
    time: '2026-11-27T03:14:15Z',
    detail: {
      Definition,
      Status,
      ExecutionId: '1-2-3',
      ExecutedBy: 'arn:aws:sts::1:assumed-role/x',
    },
  });
  const runbookName = `${prefix}-audit-isolate-instance`;
  assert.ok(matchesPattern(pattern, event(runbookName, 'Failed')));
  assert.ok(matchesPattern(pattern, event(runbookName, 'Success')));
  assert.ok(!matchesPattern(pattern, event(runbookName, 'InProgress')));
  assert.ok(!matchesPattern(pattern, event('AWS-RestartEC2Instance', 'Failed')));
  const target = graph.at('audit/aws_cloudwatch_event_target.isolation_ended-tell');
  const [topic] = graph.referents(target?.get('arn'), 'aws_sns_topic');
  assert.equal(topic?.get('name'), `${prefix}-audit-urgent`);
  const [transformer] = (target ?? assert.fail()).blocks('input_transformer');
  const message = renderMessage(
    transformer?.['input_paths'] as Record<string, string>,
    textOf(transformer?.['input_template']),
    event(runbookName, 'Failed'),
  );
  assert.match(message, /^Isolation Failed: holdfast-production-audit-isolate-instance\n/);
});
