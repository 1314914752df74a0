import { z } from 'zod';
import { overlap, parseRange } from './environment/cidr.ts';
import { optionalServices, partitionOf } from './environment/partitions.ts';
import {
  accountId,
  data,
  edge,
  identity,
  network,
  regionName,
  retention,
  vpn,
} from './environment/sections.ts';
import { baseline, type Baseline } from './environment/weakenings.ts';
import { job } from './job.ts';
import { name } from './names.ts';

const shape = z.strictObject({
  project: name.max(20),
  environment: name.max(20),
  /** The team that answers for it. */
  owner: name,
  account: accountId,
  region: regionName,
  offsite: z.strictObject({
    region: regionName,
    /** Another account, which a thief of this one does not hold. */
    account: accountId.optional(),
    roleArn: z.string().startsWith('arn:').optional(),
  }),
  /** Where Terraform keeps its state: the bootstrap stack's bucket, or files on this machine. */
  state: z.enum(['s3', 'local']),
  network,
  edge,
  vpn: vpn.prefault({}),
  identity,
  data,
  retention,
  contacts: z.strictObject({ operations: z.email(), security: z.email() }),
  /** Services that the partition lacks, or that an organization runs centrally. */
  turnedOff: z.array(z.enum(optionalServices)).default([]),
  /** Settings below the secure baseline, each with its reason; policies report them. */
  weakenings: z
    .array(
      z.strictObject({
        setting: z.enum(baseline.map((entry) => entry.setting)),
        reason: z.string().trim().min(20, 'must explain itself in at least 20 characters'),
      }),
    )
    .default([]),
  /** Backup jobs, as the agent reads them. */
  jobs: z.record(name, job).default({}),
});
export type EnvironmentShape = z.infer<typeof shape>;

interface Problem {
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
const crossChecks: readonly {
  readonly needs: readonly Section[];
  readonly problems: (file: EnvironmentShape) => Iterable<Problem>;
}[] = [
  { needs: ['account', 'region', 'offsite'], problems: regionProblems },
  { needs: ['project', 'environment'], problems: nameProblems },
  { needs: ['network', 'vpn'], problems: rangeProblems },
  { needs: ['network', 'data', 'vpn'], problems: combinationProblems },
  { needs: ['region', 'turnedOff', 'edge', 'vpn'], problems: partitionProblems },
  ...baseline.map((entry) => ({
    // The path of a setting starts with its section.
    needs: [entry.setting.split('.')[0] as Section, 'weakenings'] as const,
    problems: (file: EnvironmentShape) => weakeningProblems(file, entry),
  })),
];

/** The sections that are sound by themselves, parsed; the others are absent. */
function soundSections(value: unknown): Partial<EnvironmentShape> {
  const sections = Object.entries(shape.shape).flatMap(([key, schema]) => {
    const parsed = schema.safeParse((value as Record<string, unknown> | null)?.[key]);
    return parsed.success ? [[key, parsed.data] as const] : [];
  });
  return Object.fromEntries(sections) as Partial<EnvironmentShape>;
}

/**
 * One environment of the stacks: `stacks/environments/<name>.yaml`. Needs no cloud to be read. Sections
 * are judged against each other even where others are wrong, so that every problem is reported at once.
 */
export const environment = shape.superRefine(
  (value, context) => {
    const sound = soundSections(value);
    for (const { needs, problems } of crossChecks)
      if (needs.every((section) => section in sound))
        // Only what the check needs is read.
        for (const problem of problems(sound as EnvironmentShape))
          context.addIssue({ code: 'custom', ...problem });
  },
  // zod skips later checks once an issue aborts; this one must run all the same.
  { when: () => true },
);
export type Environment = z.infer<typeof environment>;
