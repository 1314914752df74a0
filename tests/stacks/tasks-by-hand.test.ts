import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { loadEnvironment } from '../../stacks/lib/load-environment.ts';
import { isAllowed } from './iam/simulate.ts';
import { resourcesOf, synthesize } from './support.ts';

const account = '111122223333';
const regions = { home: 'eu-central-1', offsite: 'eu-west-1' } as const;
type Site = keyof typeof regions;

const production = await loadEnvironment('production');
const resources = resourcesOf(await synthesize(production));
const policyOf = (type: string, id: string, of = resources) =>
  String(of.find((one) => one.type === type && one.id === id)?.attributes['policy']);

/** Every task that the backup stack defines, with where it lies and what it runs as. */
const tasks = resources
  .filter(({ type }) => type === 'aws_ecs_task_definition')
  .map(({ attributes }) => {
    const site: Site = attributes['provider'] === 'aws.offsite' ? 'offsite' : 'home';
    const family = String(attributes['family']);
    const roles = ['task_role_arn', 'execution_role_arn'].map((name) => {
      const [, id] = /\$\{aws_iam_role\.([\w-]+)\.arn\}/.exec(String(attributes[name])) ?? [];
      const role = resources.find((one) => one.type === 'aws_iam_role' && one.id === id);
      assert.ok(role, `${family} ${name}`);
      return roleNamed(String(role.attributes['name']));
    });
    return { name: family.replace('holdfast-production-agent-', ''), family, site, roles };
  });

function roleNamed(name: string): string {
  return `arn:aws:iam::${account}:role/holdfast-production-workload/${name}`;
}

const taskNames = new Set(tasks.map(({ name }) => name));

async function may(
  person: string,
  action: string,
  resource: string,
  context: Readonly<Record<string, string>>,
): Promise<boolean> {
  const arn = `arn:aws:iam::${account}:role/holdfast-production-people/holdfast-production-${person}`;
  return isAllowed(
    {
      principal: arn,
      action,
      resource,
      resourceAccount: account,
      context: { 'aws:PrincipalArn': arn, 'aws:PrincipalAccount': account, ...context },
    },
    {
      identity: [policyOf('aws_iam_role_policy', `${person}_rights`)],
      boundary: policyOf('aws_iam_policy', 'people-boundary'),
    },
  );
}

function starts(
  person: string,
  { family, site }: { family: string; site: Site },
  cluster = 'holdfast-production-agent',
): Promise<boolean> {
  const region = regions[site];
  return may(
    person,
    'ecs:RunTask',
    `arn:aws:ecs:${region}:${account}:task-definition/${family}:7`,
    {
      'aws:RequestedRegion': region,
      'ecs:cluster': `arn:aws:ecs:${region}:${account}:cluster/${cluster}`,
    },
  );
}

const passes = (person: string, role: string, service = 'ecs-tasks.amazonaws.com') =>
  may(person, 'iam:PassRole', role, {
    'aws:RequestedRegion': regions.home,
    'iam:PassedToService': service,
  });

const allowed: Readonly<Record<string, readonly string[]>> = {
  'restore-operator': ['drill', 'restore', 'restore-offsite', 'verify', 'verify-offsite'],
  'backup-operator': ['copy', 'run', 'verify'],
  'backup-curator': ['curate', 'curate-offsite'],
  'platform-engineer': [],
  'database-administrator': [],
  auditor: [],
  support: [],
};

suite('whoever starts tasks by hand', () => {
  test('has a task for every role of the agent that AWS lets tasks take on', () => {
    const used = new Set(tasks.flatMap(({ roles }) => roles));
    const roles = resources
      .filter(({ type }) => type === 'aws_iam_role')
      .filter(({ attributes }) =>
        String(attributes['assume_role_policy']).includes('ecs-tasks.amazonaws.com'),
      )
      .map(({ attributes }) => roleNamed(String(attributes['name'])));
    assert.deepEqual([...used].sort(), roles.filter((role) => role.includes('-agent-')).sort());
  });

  for (const [person, wanted] of Object.entries(allowed)) {
    test(`as ${person} starts ${wanted.join(', ') || 'none'}, in the agent's clusters alone`, async () => {
      for (const task of tasks) {
        assert.equal(await starts(person, task), wanted.includes(task.name), task.name);
        assert.ok(!(await starts(person, task, 'holdfast-production-crm')), task.name);
        // A name of the other region stands for nothing that anybody may start.
        const elsewhere: Site = task.site === 'home' ? 'offsite' : 'home';
        assert.ok(!(await starts(person, { ...task, site: elsewhere })), task.name);
      }
      assert.ok(wanted.every((name) => taskNames.has(name)));
    });

    test(`as ${person} gives tasks the roles of these, and no other`, async () => {
      const mine = new Set(
        tasks.filter(({ name }) => wanted.includes(name)).flatMap(({ roles }) => roles),
      );
      for (const role of tasks.flatMap(({ roles }) => roles)) {
        assert.equal(await passes(person, role), mine.has(role), role);
        assert.ok(!(await passes(person, role, 'lambda.amazonaws.com')), role);
      }
    });
  }

  test('brings the volume of a large drill along as restore operator alone', async () => {
    const volumes = roleNamed('holdfast-production-agent-volumes');
    for (const person of Object.keys(allowed))
      assert.equal(
        await passes(person, volumes, 'ecs.amazonaws.com'),
        person === 'restore-operator',
        person,
      );
  });

  test('is no schedule: those start what is scheduled, and neither restore nor curate', () => {
    for (const id of ['home_schedules_schedule-rights', 'recovery_schedules_schedule-rights']) {
      const policy = policyOf('aws_iam_role_policy', id);
      assert.match(policy, /_verify/);
      assert.doesNotMatch(policy, /restore|curate/);
    }
  });

  test('starts nothing in an off-site account, which has people of its own', async () => {
    const elsewhere = resourcesOf(
      await synthesize({
        ...production,
        offsite: {
          region: 'eu-west-1',
          account: '999988887777',
          roleArn: 'arn:aws:iam::999988887777:role/offsite',
        },
      }),
    );
    for (const person of ['restore-operator', 'backup-curator']) {
      const policy = policyOf('aws_iam_role_policy', `${person}_rights`, elsewhere);
      assert.match(policy, /task-definition\/holdfast-production-agent-(restore|curate):/);
      assert.doesNotMatch(policy, /999988887777|agent-\w+-offsite|eu-west-1/);
    }
  });
});
