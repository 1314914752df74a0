import type { EnvironmentShape } from '../environment.ts';
import { overlap, parseRange } from './cidr.ts';
import { jobProblems } from './job-checks.ts';
import { partitionOf } from './partitions.ts';
import { baseline, type Baseline } from './weakenings.ts';

/** What is wrong, and where. */
export interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

function* regionProblems(file: EnvironmentShape): Generator<Problem> {
  if (file.offsite.region === file.region)
    yield { path: ['offsite', 'region'], message: `must differ from region (${file.region})` };
  if (partitionOf(file.offsite.region).name !== partitionOf(file.region).name)
    yield { path: ['offsite', 'region'], message: 'must lie in the partition of region' };
  if (file.offsite.account && file.offsite.account !== file.account && !file.offsite.roleArn)
    yield { path: ['offsite', 'roleArn'], message: 'is needed to reach the off-site account' };
}

/** Load balancers' names end at 32 characters, buckets' at 63; the longest of ours leave this much. */
const longestName = 24;

function* nameProblems(file: EnvironmentShape): Generator<Problem> {
  const length = file.project.length + file.environment.length;
  if (length > longestName)
    yield {
      path: ['project'],
      message: `has ${length} characters together with environment; names have room for ${longestName}`,
    };
}

function* rangeProblems(file: EnvironmentShape): Generator<Problem> {
  const ranges = [
    { path: ['network', 'vpcCidr'], cidr: file.network.vpcCidr },
    { path: ['network', 'recoveryCidr'], cidr: file.network.recoveryCidr },
    ...(file.vpn.clients
      ? [{ path: ['vpn', 'clients', 'clientCidr'], cidr: file.vpn.clients.clientCidr }]
      : []),
    ...file.vpn.sites.flatMap((site, index) =>
      site.ranges.map((cidr, place) => ({ path: ['vpn', 'sites', index, 'ranges', place], cidr })),
    ),
  ].map(({ path, cidr }) => ({ path, cidr, range: parseRange(cidr) }));
  for (const [index, later] of ranges.entries())
    for (const earlier of ranges.slice(0, index))
      if (later.range && earlier.range && overlap(later.range, earlier.range))
        yield {
          path: later.path,
          message: `overlaps ${earlier.path.join('.')} (${earlier.cidr})`,
        };
}

/** A network ACL takes 20 rules in each direction; each range of an office takes two of the app tier's. */
const mostSiteRanges = 7;

function* combinationProblems(file: EnvironmentShape): Generator<Problem> {
  const ranges = file.vpn.sites.flatMap((site) => site.ranges).length;
  if (ranges > mostSiteRanges)
    yield {
      path: ['vpn', 'sites'],
      message: `has ${ranges} ranges; the app tier's network ACL has room for ${mostSiteRanges}`,
    };
  if (file.network.firewall && file.network.natGateways === 'one')
    yield {
      path: ['network', 'natGateways'],
      message: 'must be per-zone with the firewall: both directions must pass the same zone',
    };
  if (file.network.firewall && file.network.allowedDomains.length === 0)
    yield {
      path: ['network', 'allowedDomains'],
      message: 'must name at least one domain: the firewall drops all others',
    };
  if (file.data.maxStorageGiB < file.data.storageGiB)
    yield { path: ['data', 'maxStorageGiB'], message: 'must not be smaller than storageGiB' };
  if (file.data.maxSlotWalGiB * 2 > file.data.storageGiB)
    yield {
      path: ['data', 'maxSlotWalGiB'],
      message: 'must be at most half of storageGiB, or a stalled slot fills the disk',
    };
}

function* partitionProblems(file: EnvironmentShape): Generator<Problem> {
  const partition = partitionOf(file.region);
  for (const service of partition.missing)
    if (!file.turnedOff.includes(service))
      yield {
        path: ['turnedOff'],
        message: `must name \`${service}\`, which ${partition.name} does not have`,
      };
  if (file.turnedOff.includes('cognito') && file.edge.signIn.type === 'cognito')
    yield { path: ['edge', 'signIn', 'type'], message: 'uses cognito, which is turned off' };
  if (file.turnedOff.includes('site-to-site-vpn') && file.vpn.sites.length > 0)
    yield { path: ['vpn', 'sites'], message: 'needs site-to-site-vpn, which is turned off' };
}

function* centralProblems(file: EnvironmentShape): Generator<Problem> {
  const named = file.runCentrally.map(({ service }) => service);
  for (const [place, service] of named.entries())
    if (named.indexOf(service) !== place)
      yield {
        path: ['runCentrally', place, 'service'],
        message: `names ${service} a second time`,
      };
  const partition = partitionOf(file.region);
  if (file.turnedOff.includes('macie') && !partition.missing.includes('macie'))
    yield {
      path: ['turnedOff'],
      message: `names \`macie\`, which ${partition.name} has; where an organization runs it, say so in runCentrally, with the reason`,
    };
  if (named.includes('macie') && partition.missing.includes('macie'))
    yield {
      path: ['runCentrally', named.indexOf('macie'), 'service'],
      message: `names macie, which ${partition.name} does not have`,
    };
}

function* costProblems(file: EnvironmentShape): Generator<Problem> {
  const isChina = partitionOf(file.region).name === 'aws-cn';
  if (isChina !== (file.audit.costs.currency === 'CNY'))
    yield {
      path: ['audit', 'costs', 'currency'],
      message: `must be ${isChina ? 'CNY' : 'USD'}, in which the partition bills`,
    };
}

function* weakeningProblems(file: EnvironmentShape, entry: Baseline): Generator<Problem> {
  const { setting, secure, weak, costs } = entry;
  const named = file.weakenings.map((weakening) => weakening.setting);
  const place = named.indexOf(setting);
  if (weak(file) && place < 0)
    yield {
      path: setting.split('.'),
      message: `is weaker than the baseline (${secure}): ${costs}; say so in weakenings, with a reason`,
    };
  if (!weak(file) && place >= 0)
    yield {
      path: ['weakenings', place, 'setting'],
      message: `names ${setting}, which is not weakened`,
    };
  if (place !== named.lastIndexOf(setting))
    yield {
      path: ['weakenings', named.lastIndexOf(setting), 'setting'],
      message: `names ${setting} a second time`,
    };
}

type Section = keyof EnvironmentShape;

/** What is judged across sections, and the sections that must be sound for it. */
export const crossChecks: readonly {
  readonly needs: readonly Section[];
  readonly problems: (file: EnvironmentShape) => Iterable<Problem>;
}[] = [
  { needs: ['account', 'region', 'offsite'], problems: regionProblems },
  { needs: ['project', 'environment'], problems: nameProblems },
  { needs: ['network', 'vpn'], problems: rangeProblems },
  { needs: ['network', 'data', 'vpn'], problems: combinationProblems },
  { needs: ['jobs', 'data'], problems: jobProblems },
  { needs: ['region', 'turnedOff', 'edge', 'vpn'], problems: partitionProblems },
  { needs: ['region', 'turnedOff', 'runCentrally'], problems: centralProblems },
  { needs: ['region', 'audit'], problems: costProblems },
  ...baseline.map((entry) => ({
    // The path of a setting starts with its section.
    needs: [entry.setting.split('.')[0] as Section, 'weakenings'] as const,
    problems: (file: EnvironmentShape) => weakeningProblems(file, entry),
  })),
];
