import { z } from 'zod';
import { daemon, timeZone } from './daemon.ts';
import { job } from './job.ts';
import { recipient, trustedKey } from './keys.ts';
import { maskingProfile } from './masking.ts';
import { name } from './names.ts';
import { notifications } from './notifications.ts';
import { repository } from './repository.ts';
import { secretReference } from './secret.ts';

const keys = z.strictObject({
  /** Who can open backups: a primary and, as a rule, an escrow recipient. */
  recipients: z.array(recipient).min(1, 'must name at least one recipient'),
  /** The agent's own identity: opens indexes and inventories, never contents. */
  metadataIdentity: secretReference,
  /** What this host signs with; a host that only verifies or restores has none. */
  signing: z
    .strictObject({
      writer: secretReference.optional(),
      drill: secretReference.optional(),
      curator: secretReference.optional(),
    })
    .default({}),
  /** Whose signatures this host accepts. */
  trusted: z.array(trustedKey).min(1, 'must pin at least one signing key'),
  /** The recovery identity: only on hosts that restore or drill. */
  identity: secretReference.optional(),
  /** Of an identity file that a passphrase protects; asked for on a terminal when it is left out. */
  identityPassphrase: secretReference.optional(),
});

const shape = z.strictObject({
  version: z.literal(1),
  /** Where the agent remembers, between runs, what it has seen of each repository. */
  stateDirectory: z.string().min(1).default('.holdfast-state'),
  repositories: z.record(name, repository),
  keys,
  jobs: z.record(name, job),
  /** Jobs whose backups belong together, in the order they are taken: the database first. */
  groups: z.record(name, z.array(name).min(2)).default({}),
  /** How personal data are masked on a restore or in a drill that names the profile. */
  maskingProfiles: z.record(name, maskingProfile).default({}),
  /** Of all schedules. */
  timeZone: timeZone.default('UTC'),
  daemon: daemon.prefault({}),
  notifications: notifications.optional(),
});

/** Only the names that refer to each other, whatever else is wrong with the file. */
const outline = z.object({
  repositories: z.record(z.string(), z.unknown()).catch({}),
  jobs: z
    .record(
      z.string(),
      z.object({
        repository: z.string().optional().catch(undefined),
        copies: z.array(z.string()).catch([]),
        drill: z
          .object({
            attachments: z.object({ job: z.string() }).optional().catch(undefined),
            mask: z.string().optional().catch(undefined),
          })
          .optional()
          .catch(undefined),
      }),
    )
    .catch({}),
  groups: z.record(z.string(), z.array(z.string())).catch({}),
  maskingProfiles: z.record(z.string(), z.unknown()).catch({}),
  notifications: z
    .object({
      channels: z.record(z.string(), z.unknown()).catch({}),
      rules: z
        .array(z.object({ channels: z.array(z.string()), jobs: z.array(z.string()).catch([]) }))
        .catch([]),
      heartbeats: z.array(z.object({ job: z.string() })).catch([]),
    })
    .optional()
    .catch(undefined),
});

interface Reference {
  readonly kind: 'repository' | 'job' | 'channel' | 'masking profile';
  readonly path: (string | number)[];
  readonly to: string;
}

function* references(file: z.infer<typeof outline>): Generator<Reference> {
  for (const [jobName, entry] of Object.entries(file.jobs)) {
    const at = ['jobs', jobName];
    if (entry.repository !== undefined)
      yield { kind: 'repository', path: [...at, 'repository'], to: entry.repository };
    for (const [index, copy] of entry.copies.entries())
      yield { kind: 'repository', path: [...at, 'copies', index], to: copy };
    const attachments = entry.drill?.attachments;
    if (attachments)
      yield { kind: 'job', path: [...at, 'drill', 'attachments', 'job'], to: attachments.job };
    const mask = entry.drill?.mask;
    if (mask !== undefined)
      yield { kind: 'masking profile', path: [...at, 'drill', 'mask'], to: mask };
  }
  for (const [group, members] of Object.entries(file.groups))
    for (const [index, member] of members.entries())
      yield { kind: 'job', path: ['groups', group, index], to: member };
  yield* notificationReferences(file);
}

function* notificationReferences({ notifications }: z.infer<typeof outline>): Generator<Reference> {
  const at = ['notifications'];
  for (const [index, rule] of notifications?.rules.entries() ?? []) {
    for (const [place, to] of rule.channels.entries())
      yield { kind: 'channel', path: [...at, 'rules', index, 'channels', place], to };
    for (const [place, to] of rule.jobs.entries())
      yield { kind: 'job', path: [...at, 'rules', index, 'jobs', place], to };
  }
  for (const [index, { job }] of notifications?.heartbeats.entries() ?? [])
    yield { kind: 'job', path: [...at, 'heartbeats', index, 'job'], to: job };
}

function* referenceProblems(
  file: z.infer<typeof outline>,
): Generator<Pick<Reference, 'path'> & { message: string }> {
  const known = {
    repository: Object.keys(file.repositories),
    job: Object.keys(file.jobs),
    channel: Object.keys(file.notifications?.channels ?? {}),
    'masking profile': Object.keys(file.maskingProfiles),
  };
  for (const { kind, path, to } of references(file)) {
    if (!known[kind].includes(to))
      yield {
        path,
        message: `names ${kind} \`${to}\`, which does not exist (there are: ${known[kind].join(', ') || 'none'})`,
      };
  }
  for (const [jobName, entry] of Object.entries(file.jobs)) {
    const index = entry.copies.findIndex((copy) => copy === entry.repository);
    if (index >= 0)
      yield {
        path: ['jobs', jobName, 'copies', index],
        message: 'must be another repository than the one the backup itself goes to',
      };
  }
}

/**
 * The agent's configuration file. One schema: the stacks render it, the agent reads it. The names
 * are checked even where other parts are wrong, so that every problem is reported at once.
 */
export const configuration = shape.superRefine(
  (value, context) => {
    const file = outline.safeParse(value);
    for (const problem of file.success ? referenceProblems(file.data) : [])
      context.addIssue({ code: 'custom', ...problem });
  },
  // zod skips later checks once an issue aborts; this one must run all the same.
  { when: () => true },
);
export type Configuration = z.infer<typeof configuration>;
