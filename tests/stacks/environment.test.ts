import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { partitions } from '../../contracts/environment/partitions.ts';
import { baseline } from '../../contracts/environment/weakenings.ts';
import { execa } from 'execa';
import { parse, stringify } from 'yaml';
import {
  EnvironmentRefused,
  loadEnvironment,
  parseEnvironment,
} from '../../stacks/lib/load-environment.ts';
import { environmentNames } from './support.ts';

const folder = join(import.meta.dirname, '../../stacks/environments');
const production = await readFile(join(folder, 'production.yaml'), 'utf8');

type Tree = { [key: string]: Tree };

/** Production's file with some dotted paths set anew; undefined removes one. */
function changed(changes: Readonly<Record<string, unknown>>): string {
  const file = parse(production) as Tree;
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    const parent = keys.reduce<Tree>((tree, key) => (tree[key] ??= {}), file);
    if (value === undefined) delete parent[last];
    else parent[last] = value as Tree;
  }
  return stringify(file);
}

function problemsOf(changes: Readonly<Record<string, unknown>>): readonly string[] {
  try {
    parseEnvironment(changed(changes));
    return [];
  } catch (error) {
    assert.ok(error instanceof EnvironmentRefused);
    return error.problems;
  }
}

/** Asserts exactly one problem, at this path, whose message matches. */
function refused(changes: Readonly<Record<string, unknown>>, path: string, message: RegExp): void {
  const problems = problemsOf(changes);
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.ok(problems[0]?.startsWith(`${path}: `), problems[0] ?? '');
  assert.match(problems[0] ?? '', message);
}

suite('an environment file', () => {
  for (const name of environmentNames)
    test(`${name} is accepted`, async () => {
      assert.equal((await loadEnvironment(name)).environment, name);
    });

  test('is refused when the off-site region is the region', () => {
    refused({ 'offsite.region': 'eu-central-1' }, 'offsite.region', /must differ from region/);
  });
  test('is refused when the off-site region lies in another partition', () => {
    refused({ 'offsite.region': 'us-gov-west-1' }, 'offsite.region', /partition/);
  });
  test('is refused when Cognito would refuse the name of the sign-in page', () => {
    const signIn = (domainPrefix: string) => ({
      'edge.signIn': { type: 'cognito', domainPrefix },
    });
    assert.deepEqual(problemsOf(signIn('a'.repeat(54))), []);
    refused(signIn('a'.repeat(55)), 'edge.signIn.domainPrefix', /at most 54/);
    refused(signIn('our-aws-crm'), 'edge.signIn.domainPrefix', /must not hold aws/);
  });
  test('is refused when an off-site account has no role to reach it', () => {
    refused({ 'offsite.account': '999988887777' }, 'offsite.roleArn', /is needed/);
  });
  test('is refused when the recovery range overlaps the VPC', () => {
    refused(
      { 'network.recoveryCidr': '10.40.16.0/20' },
      'network.recoveryCidr',
      /overlaps network\.vpcCidr \(10\.40\.0\.0\/16\)/,
    );
  });
  test('is refused when VPN clients get addresses of the VPC', () => {
    refused({ 'vpn.clients.clientCidr': '10.40.4.0/22' }, 'vpn.clients.clientCidr', /overlaps/);
  });
  test('is refused when an office lies in the VPC', () => {
    refused(
      {
        'vpn.sites': [{ name: 'office', gatewayAddress: '203.0.113.9', ranges: ['10.41.0.0/24'] }],
      },
      'vpn.sites.0.ranges.0',
      /overlaps network\.recoveryCidr/,
    );
  });
  test('is refused when the VPC is too small for its tiers', () => {
    refused({ 'network.vpcCidr': '10.40.0.0/24' }, 'network.vpcCidr', /too small/);
  });
  test('is refused when a range has host bits', () => {
    refused({ 'network.vpcCidr': '10.40.0.1/16' }, 'network.vpcCidr', /without host bits/);
  });
  test('is refused when the VPN is open to the world', () => {
    refused({ 'vpn.clients.clientCidr': '0.0.0.0/0' }, 'vpn.clients.clientCidr', /whole internet/);
  });
  test('is refused when an office is the whole internet', () => {
    refused(
      { 'vpn.sites': [{ name: 'all', gatewayAddress: '203.0.113.9', ranges: ['0.0.0.0/0'] }] },
      'vpn.sites.0.ranges.0',
      /whole internet/,
    );
  });
  test('is refused when a VPN range is public', () => {
    refused({ 'vpn.clients.clientCidr': '8.8.0.0/16' }, 'vpn.clients.clientCidr', /private range/);
  });
  test('is refused when the offices have more ranges than an ACL has rules', () => {
    const ranges = Array.from({ length: 8 }, (_, index) => `10.200.${index}.0/24`);
    refused(
      { 'vpn.sites': [{ name: 'office', gatewayAddress: '203.0.113.9', ranges }] },
      'vpn.sites',
      /8 ranges.*room for 7/,
    );
  });
  test('is refused when its names would not fit', () => {
    refused({ project: 'a-very-long-project' }, 'project', /names have room for 24/);
  });
  test('is refused when it has a field that nobody reads', () => {
    refused({ 'network.zonez': 3 }, 'network', /zonez/);
  });
  test('is refused when CI may deploy by a wildcard', () => {
    refused(
      { 'identity.deploy.subjects': ['repo:example/*'] },
      'identity.deploy.subjects.0',
      /wildcard/,
    );
  });
  test('is refused when a stalled slot could fill the disk', () => {
    refused({ 'data.maxSlotWalGiB': 300 }, 'data.maxSlotWalGiB', /half of storageGiB/);
  });
  test('is refused when the firewall has nothing to let through', () => {
    refused({ 'network.allowedDomains': [] }, 'network.allowedDomains', /at least one domain/);
  });
});

suite('a weakened setting', () => {
  const weak = { 'data.multiAz': false };
  const reason = 'A rehearsal of the loss of a zone needs this for a week.';

  test('is refused without a reason, and told what it costs', () => {
    refused(weak, 'data.multiAz', /weaker than the baseline \(true\).*loss of one zone/);
  });
  test('is accepted with a reason', () => {
    const weakenings = [{ setting: 'data.multiAz', reason }];
    assert.deepEqual(problemsOf({ ...weak, weakenings }), []);
  });
  test('is refused when the reason is empty', () => {
    const weakenings = [{ setting: 'data.multiAz', reason: '  ' }];
    refused({ ...weak, weakenings }, 'weakenings.0.reason', /explain itself/);
  });
  test('must be weakened in truth', () => {
    const weakenings = [{ setting: 'data.multiAz', reason }];
    refused({ weakenings }, 'weakenings.0.setting', /not weakened/);
  });
  test('stands in the list once', () => {
    const weakenings = [
      { setting: 'data.multiAz', reason },
      { setting: 'data.multiAz', reason },
    ];
    refused({ ...weak, weakenings }, 'weakenings.1.setting', /second time/);
  });
});

suite('a partition', () => {
  const china = {
    region: 'cn-north-1',
    'offsite.region': 'cn-northwest-1',
    'audit.costs.currency': 'CNY',
    'vpn.sites': [],
  };
  const lacking = [
    'cognito',
    'cost-anomaly-detection',
    'guardduty-runtime',
    'macie',
    'site-to-site-vpn',
  ];
  test('asks for what it lacks to be turned off by name', () => {
    const problems = problemsOf(china);
    assert.deepEqual(
      problems.map((problem) => /`([a-z-]+)`/.exec(problem)?.[1]),
      lacking,
    );
  });
  test('is accepted once all of it is turned off', () => {
    assert.deepEqual(problemsOf({ ...china, turnedOff: lacking }), []);
  });
  test('refuses a setting that uses what is turned off', () => {
    refused(
      { turnedOff: ['cognito'], 'edge.signIn': { type: 'cognito', domainPrefix: 'crm' } },
      'edge.signIn.type',
      /turned off/,
    );
  });
});

test('the budget is in the currency in which the partition bills', () => {
  refused({ 'audit.costs.currency': 'CNY' }, 'audit.costs.currency', /must be USD/);
});

suite('a service that the organization runs', () => {
  const reason = "The organization's security account runs it for every account.";
  test('is named with the reason', () => {
    const runCentrally = [{ service: 'guardduty', reason }];
    assert.deepEqual(problemsOf({ runCentrally }), []);
    refused(
      { runCentrally: [{ service: 'guardduty', reason: 'yes' }] },
      'runCentrally.0.reason',
      /explain itself/,
    );
  });
  test('is one that the stacks run otherwise', () => {
    refused(
      { runCentrally: [{ service: 'firewall', reason }] },
      'runCentrally.0.service',
      /Invalid/,
    );
  });
  test('is named once', () => {
    const twice = ['config', 'config'].map((service) => ({ service, reason }));
    refused({ runCentrally: twice }, 'runCentrally.1.service', /second time/);
  });
  test('is not turned off without a word where the partition has it', () => {
    refused({ turnedOff: ['macie'] }, 'turnedOff', /say so in runCentrally/);
  });
});

test('the page about the stacks lists the baseline and the partitions as they are', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/stacks/README.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z]+\.[\w.]+)` \| (.*?) \| (.*?) \|$/gm)];
  assert.deepEqual(
    rows.map(([, setting, secure, costs]) => [setting, secure?.replaceAll('`', ''), costs]),
    baseline.map(({ setting, secure, costs }) => [setting, secure, costs]),
  );
  for (const { name, missing } of Object.values(partitions))
    assert.ok(
      page
        .split('\n')
        .some(
          (row) =>
            row.startsWith(`| \`${name}\` |`) && missing.every((service) => row.includes(service)),
        ),
      name,
    );
});

test('every problem is reported at once, across broken sections', () => {
  const problems = problemsOf({
    'edge.domain': 'not a domain',
    'offsite.region': 'eu-central-1',
    'network.recoveryCidr': '10.40.0.0/20',
    'data.multiAz': false,
    'retention.logsDays': 42,
  });
  const paths = problems.map((problem) => problem.split(':')[0] ?? '').toSorted();
  assert.deepEqual(paths, [
    'data.multiAz',
    'edge.domain',
    'network.recoveryCidr',
    'offsite.region',
    'retention.logsDays',
  ]);
});

test('the program refuses an unknown environment with exit code 1 and the reason', async () => {
  const { exitCode, stderr } = await execa('node', ['stacks/main.ts'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { HOLDFAST_ENV: 'nowhere' },
    reject: false,
  });
  assert.equal(exitCode, 1);
  assert.match(stderr, /environment `nowhere` is refused/);
});

test('an environment without a file is refused by name', async () => {
  await assert.rejects(loadEnvironment('nowhere'), /nowhere\.yaml does not exist/);
  await assert.rejects(loadEnvironment('../secrets'), /must be lower-case words/);
});
