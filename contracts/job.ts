import { z } from 'zod';
import { name } from './names.ts';
import { schedule } from './schedule.ts';
import { secretReference } from './secret.ts';
import { duration, size } from './units.ts';

/** Table patterns: `schema.table`, `*` and `?` as wildcards. */
const tablePattern = z.string().min(1);

/** A token of RDS or Aurora, signed with this host's AWS credentials: IAM in place of a password. */
const rdsToken = z.strictObject({ rdsToken: z.strictObject({ region: z.string().min(1) }) });

const postgresSource = z.strictObject({
  type: z.literal('postgres'),
  /** `postgres://user@host:port/database?sslmode=verify-full`, without a password. */
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://')
    .refine((text) => !/^postgres(ql)?:\/\/[^@/]*:[^@/]+@/.test(text), {
      message: 'must not hold a password; use `password: { env | file | command }`',
    }),
  password: z
    .union([secretReference, rdsToken], {
      error:
        'must be { env }, { file }, { command } or { secretsManager }, or { rdsToken: { region } } for IAM',
    })
    .optional(),
  /** PEM file with the certificate authorities to trust, for `sslmode=verify-full`. */
  caFile: z.string().optional(),
  excludeTables: z.array(tablePattern).default([]),
  excludeData: z.array(tablePattern).default([]),
  /** Parallel COPY streams. */
  lanes: z.int().min(1).max(16).default(2),
  slot: z
    .strictObject({
      /** At this much retained WAL the operator is warned. */
      warnAt: size.prefault('2GiB'),
      /** At this much the slot is dropped, so that the server's disk does not fill. */
      dropAt: size.prefault('8GiB'),
    })
    .prefault({})
    .refine((slot) => slot.warnAt < slot.dropAt, {
      message: 'warnAt must be smaller than dropAt',
      path: ['warnAt'],
    }),
  /** The folder of pg_dump and psql, when they are not where they usually are. */
  binaries: z.string().optional(),
});

const filesSource = z.strictObject({
  type: z.literal('files'),
  /** Relative to the configuration file. */
  path: z.string().min(1),
  /** gitignore syntax. */
  exclude: z.array(z.string().min(1)).default([]),
  /** gitignore syntax: with any, only files that match are taken. */
  include: z.array(z.string().min(1)).default([]),
  oneFileSystem: z.boolean().default(true),
  /** ACLs too. */
  extendedAttributes: z.boolean().default(true),
  segmentSize: size.prefault('64MiB'),
});

const s3Source = z.strictObject({
  type: z.literal('s3'),
  bucket: z.string().min(3).max(63),
  /** Only keys that start so; a backup holds what follows it. */
  prefix: z.string().default(''),
  region: z.string().optional(),
  /** For stores other than AWS, such as https://minio.internal:9000. */
  endpoint: z.url().optional(),
  pathStyle: z.boolean().default(false),
  /** Of the AWS configuration; without one, AWS's own search order finds the credentials. */
  profile: z.string().optional(),
  /** gitignore syntax, for what follows the prefix. */
  exclude: z.array(z.string().min(1)).default([]),
  /** gitignore syntax: with any, only objects that match are taken. */
  include: z.array(z.string().min(1)).default([]),
  segmentSize: size.prefault('64MiB'),
});

const source = z.discriminatedUnion('type', [postgresSource, filesSource, s3Source]);

/** How what is stored is made smaller: Zstandard, in frames that are independent of each other. */
const compression = z.strictObject({
  /** zstd's level: higher ones take less room and more time. */
  level: z.int().min(1).max(19).default(3),
  /** Frames at a time of a stream, each on a core; unless told, enough to keep all busy. */
  cores: z.int().min(1).max(4).optional(),
});

const keepCount = z.int().nonnegative().optional();

const retention = z
  .strictObject({
    keepWithin: duration.optional(),
    keepLast: keepCount,
    keepHourly: keepCount,
    keepDaily: keepCount,
    keepWeekly: keepCount,
    keepMonthly: keepCount,
    keepYearly: keepCount,
    /** Nothing younger is ever pruned, whatever the rules say. */
    minimumAge: duration.optional(),
  })
  .refine((rules) => Object.entries(rules).some(([rule, n]) => rule !== 'minimumAge' && n), {
    message: 'keeps nothing: at least one keep rule must be greater than zero',
  });

const objectives = z.strictObject({
  /** Recovery point objective: the newest change that may be lost is at most this old. */
  rpo: duration.optional(),
  /** Recovery time objective: a restore takes at most this long. */
  rto: duration.optional(),
  drillInterval: duration.optional(),
  offsiteLag: duration.optional(),
  verifyInterval: duration.optional(),
});

/** What counts as unusual in a backup, compared with the median of those of its kind before it. */
const anomalies = z.strictObject({
  compareWith: z.int().min(5).max(100).default(10),
  /** So many times the usual rows, bytes, deletions from one table, or duration. */
  factor: z.number().min(1.5).default(5),
  /** Percentage points by which the stored size, as a share of the data, exceeds the usual. */
  compressionLoss: z.number().min(5).max(100).default(25),
});

const probe = z.strictObject({
  name: z.string().min(1),
  /** Must return one row with one column. */
  query: z.string().min(1),
  expect: z.union([
    z.strictObject({ equals: z.union([z.string(), z.number(), z.boolean(), z.null()]) }),
    z.strictObject({ atLeast: z.number() }),
    z.strictObject({ matches: z.string() }),
    /** Any value but null and an empty text. */
    z.strictObject({ notEmpty: z.literal(true) }),
  ]),
  timeout: duration.prefault('1m'),
});

/** Extensions that the sandbox lacks: what hangs on them is left out, and unproven. */
const withoutExtensions = z.array(z.string().min(1)).default([]);

const drill = z.strictObject({
  sandbox: z.discriminatedUnion('type', [
    /** A throw-away PostgreSQL from local binaries. */
    z.strictObject({
      type: z.literal('local'),
      binaries: z.string().optional(),
      /** Where it keeps its data and the restored files: an encrypted disk, or memory. */
      directory: z.string().startsWith('/').optional(),
      withoutExtensions,
    }),
    /** An empty database that somebody else provides. */
    z.strictObject({
      type: z.literal('dsn'),
      url: z.string(),
      password: secretReference.optional(),
      withoutExtensions,
    }),
  ]),
  /** The masking profile under which the sandbox is filled. */
  mask: name.optional(),
  probes: z.array(probe).default([]),
  attachments: z
    .strictObject({
      /** The job that backs up the attachments. */
      job: name,
      /** Must return the columns `path`, `sha256` and `size_bytes`, one row per attachment. */
      query: z.string().min(1),
    })
    .optional(),
});

export const job = z.strictObject({
  source,
  /** The repository that backups are written to, and those they are copied to. */
  repository: name,
  copies: z.array(name).default([]),
  schedules: z
    .strictObject({
      full: schedule.optional(),
      incremental: schedule.optional(),
      copy: schedule.optional(),
      verify: schedule.optional(),
      drill: schedule.optional(),
      prune: schedule.optional(),
    })
    .default({}),
  compression: compression.prefault({}),
  /** A chain of this age is closed by a new full. */
  maxChainAge: duration.prefault('7d'),
  retention,
  objectives: objectives.default({}),
  /** Unusual backups are suspicious: they are told, and the last good one is held. */
  anomalies: z.union([z.literal(false), anomalies]).prefault({}),
  drill: drill.optional(),
});

export type Job = z.infer<typeof job>;
export type PostgresSourceConfiguration = z.infer<typeof postgresSource>;
export type FilesSourceConfiguration = z.infer<typeof filesSource>;
export type S3SourceConfiguration = z.infer<typeof s3Source>;
export type Compression = z.infer<typeof compression>;
export type Retention = z.infer<typeof retention>;
export type Anomalies = z.infer<typeof anomalies>;
export type Probe = z.infer<typeof probe>;
export type DrillConfiguration = z.infer<typeof drill>;
export type Objectives = z.infer<typeof objectives>;
