import { z } from 'zod';
import { audit } from './environment/audit.ts';
import { runCentrally } from './environment/central-services.ts';
import { backup } from './environment/backup-section.ts';
import { crossChecks } from './environment/cross-checks.ts';
import { optionalServices } from './environment/partitions.ts';
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
import { baseline } from './environment/weakenings.ts';
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
  audit,
  retention,
  backup,
  contacts: z.strictObject({ operations: z.email(), security: z.email() }),
  /** Services that the partition lacks, or that nobody here uses. */
  turnedOff: z.array(z.enum(optionalServices)).default([]),
  /** Services that an organization runs for all of its accounts, each with the reason; policies report them. */
  runCentrally,
  /** Settings below the secure baseline, each with its reason; policies report them. */
  weakenings: z
    .array(
      z.strictObject({
        setting: z.enum(baseline.map((entry) => entry.setting)),
        reason: z.string().trim().min(20, 'must explain itself in at least 20 characters'),
      }),
    )
    .default([]),
  /**
   * Backup jobs, as the agent reads them. In sources, `${database}`, `${attachments}` and `${files}` stand
   * for what the data stack makes.
   */
  jobs: z.record(name, job).default({}),
});
export type EnvironmentShape = z.infer<typeof shape>;

/** The sections that are sound by themselves, parsed; the others are absent. */
function soundSections(value: unknown): Partial<EnvironmentShape> {
  const sections = Object.entries(shape.shape).flatMap(([key, schema]) => {
    const section = (value as Record<string, unknown> | null)?.[key];
    const parsed = schema.safeParse(section);
    if (parsed.success) return [[key, parsed.data] as const];
    // What has been parsed before is no input any more: its durations are numbers.
    return z.safeEncode(schema, section as never).success ? [[key, section] as const] : [];
  });
  return Object.fromEntries(sections);
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
