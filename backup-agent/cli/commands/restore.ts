import { InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '../../errors/exit-codes.ts';
import { HoldfastError } from '../../errors/holdfast-error.ts';
import {
  runRestore,
  type DatabaseWishes,
  type RestoreOutcome,
  type RestoreRequest,
} from '../../operations/restore.ts';
import { intoPolicies, type IntoPolicy } from '../../sources/files/restore/placement.ts';
import { activeKinds, type ActiveKind } from '../../sources/postgres/restore/neutralise.ts';
import { parseLsn } from '../../sources/postgres/changes/lsn.ts';
import type { Agent } from '../../operations/agent.ts';
import { estimateRestore, type RestoreEstimate } from '../../operations/preview-restore.ts';
import type { Progress } from '../../sources/source.ts';
import type { CommandContext, CommandModule } from '../command.ts';
import { formatBytes, formatCount, formatDuration, formatTime } from '../render/format.ts';
import { renderEstimate } from '../render/restore-estimate.ts';
import { runSteps } from '../render/steps.ts';
import { withAgent } from '../with-agent.ts';

interface RestoreCommandOptions {
  readonly to: string;
  readonly backup: string;
  readonly from?: string;
  readonly identity?: string;
  readonly at?: string;
  readonly lsn?: string;
  readonly mark?: string;
  readonly owner: boolean;
  readonly privileges: boolean;
  readonly table?: readonly string[];
  readonly mapRole?: readonly string[];
  readonly createRoles?: true;
  readonly skipExtension?: readonly string[];
  readonly activate?: readonly ActiveKind[];
  readonly lanes?: number;
  readonly into?: IntoPolicy;
  readonly path?: string;
  readonly mask?: string;
  readonly dryRun?: true;
}

export const restoreCommand: CommandModule = {
  define(program, run) {
    program
      .command('restore')
      .description('restore a backup to an empty or new database, directory or bucket')
      .argument('<job>', 'job of the configuration')
      .requiredOption(
        '--to <target>',
        'URL of an empty or new database, a directory, or s3://bucket/prefix/',
      )
      .option('-b, --backup <which>', 'latest, oldest, or a backup id', 'latest')
      .option('--from <repository>', "another repository than the job's own, such as a copy")
      .option('-i, --identity <file>', 'the recovery identity; default: keys.identity')
      .option(
        '--at <time>',
        'as of this moment, with its zone (2026-11-22T21:05:00+08:00): a database exactly, files by the last backup that began before it',
      )
      .option('--lsn <position>', 'database: up to this position of the log (16/B374D848)')
      .option('--mark <name>', 'database: up to this marker')
      .option(
        '--table <pattern...>',
        'database: only these tables (schema.table, * and ?), with indexes and what they need',
      )
      .option('--no-owner', 'database: leave everything to the restoring role')
      .option('--no-privileges', 'database: leave grants out')
      .option('--map-role <from=to...>', 'database: another role for this one of the backup')
      .option('--create-roles', 'database: make the roles that are missing, without sign-in')
      .option(
        '--skip-extension <name...>',
        'database: do without it, and without what hangs on it, where the server lacks it',
      )
      .addOption(
        new Option(
          '--activate <kind...>',
          'database: leave to act by itself what is put to rest otherwise',
        ).choices(activeKinds),
      )
      .addOption(
        new Option('--lanes <count>', 'database: parallel sessions (default: 2)').argParser(
          readLanes,
        ),
      )
      .option('--mask <profile>', 'database: mask personal data by this profile, on their way')
      .option('--dry-run', 'check everything, estimate size and time, and write nothing')
      .addOption(
        new Option('--into <policy>', 'files: restore into a directory that is not empty').choices(
          intoPolicies,
        ),
      )
      .option('--path <path>', 'files: only this entry, with what lies in it')
      .addHelpText(
        'after',
        `
Examples:
  holdfast restore crm-database --to postgres://admin@db/crm_restored --identity recovery.age-identity
  holdfast restore crm-database --to postgres://admin@db/crm_1605 --at 2026-11-22T16:05:00Z
  holdfast restore crm-database --to postgres://admin@db/crm --table crm.deals crm.deal_*
  holdfast restore crm-database --to postgres://admin@db/crm_test --mask staging
  holdfast restore crm-database --to postgres://admin@db/crm_restored --dry-run
  holdfast restore crm-attachments --to /srv/crm/attachments --from offsite
  holdfast restore crm-attachments --to /tmp/one --path deals/07/contract.pdf
  holdfast restore crm-objects --to s3://crm-attachments-new/?region=eu-west-1`,
      )
      .action((job: string, options: RestoreCommandOptions) =>
        run((context) =>
          withAgent(
            context,
            async (agent) => {
              const request = toRequest(job, options);
              if (options.dryRun) return await preview(agent, request, context);
              const outcomes: RestoreOutcome[] = [];
              const restoring = {
                title: `Restore ${job}`,
                run: async (progress: Parameters<typeof runRestore>[2]['progress']) => {
                  outcomes.push(await runRestore(agent, request, { progress }));
                },
              };
              await runSteps([restoring], context.output);
              for (const outcome of outcomes)
                context.output.result(outcome, renderRestore(outcome));
              const partial = outcomes.some(
                ({ problems, inexact }) => problems.length + inexact.length > 0,
              );
              return partial ? exitCodes.partial : exitCodes.ok;
            },
            options.identity === undefined ? {} : { identityFile: options.identity },
          ),
        ),
      );
  },
};

async function preview(
  agent: Agent,
  request: RestoreRequest,
  { output }: CommandContext,
): Promise<number> {
  const estimates: RestoreEstimate[] = [];
  const run = async (progress: Progress) => {
    estimates.push(await estimateRestore(agent, request, { progress }));
  };
  await runSteps([{ title: `Check a restore of ${request.job}`, run }], output);
  for (const estimate of estimates) output.result(estimate, renderEstimate(estimate));
  return exitCodes.ok;
}

function toRequest(job: string, options: RestoreCommandOptions): RestoreRequest {
  const { from, into, path, mask } = options;
  const moment = readMoment(options);
  return {
    job,
    to: options.to,
    backup: options.backup,
    noOwner: !options.owner,
    noPrivileges: !options.privileges,
    database: readDatabaseWishes(options),
    ...(from === undefined ? {} : { from }),
    ...(into === undefined ? {} : { into }),
    ...(path === undefined ? {} : { path }),
    ...(moment === undefined ? {} : { moment }),
    ...(mask === undefined ? {} : { mask }),
    // An earlier moment may lie in an earlier chain than the newest.
    ...(moment?.kind === 'time' ? { at: new Date(Number(moment.timeUs / 1_000n)) } : {}),
  };
}

function readDatabaseWishes(options: RestoreCommandOptions): DatabaseWishes {
  const { table, mapRole = [], createRoles, skipExtension = [], activate = [], lanes } = options;
  return {
    roleMapping: Object.fromEntries(mapRole.map(readRoleMapping)),
    roles: createRoles ? 'create' : 'require',
    skipExtensions: skipExtension,
    activate,
    ...(table === undefined ? {} : { tables: table }),
    ...(lanes === undefined ? {} : { lanes }),
  };
}

function readRoleMapping(text: string): [string, string] {
  const [from = '', to = ''] = text.split(/=(.*)/s);
  if (from === '' || to === '')
    throw new HoldfastError('usage-invalid', `--map-role ${text} is not of the form from=to`);
  return [from, to];
}

function readLanes(text: string): number {
  const lanes = Number(text);
  if (Number.isInteger(lanes) && lanes >= 1 && lanes <= 16) return lanes;
  throw new InvalidArgumentError('It is not a number from 1 to 16.');
}

function readMoment({ at, lsn, mark }: RestoreCommandOptions): RestoreRequest['moment'] {
  if ([at, lsn, mark].filter((given) => given !== undefined).length > 1)
    throw new HoldfastError('usage-invalid', '--at, --lsn and --mark exclude each other');
  if (mark !== undefined) return { kind: 'mark', name: mark };
  if (lsn !== undefined) return { kind: 'lsn', lsn: parseLsn(lsn) };
  if (at === undefined) return undefined;
  const timeMs = Date.parse(at);
  if (Number.isNaN(timeMs) || !/(Z|[+-]\d\d:?\d\d)$/.test(at))
    throw new HoldfastError('usage-invalid', `--at ${at} is not a time with its zone`, {
      hint: 'write it as 2026-11-22T21:05:00+08:00 or 2026-11-22T13:05:00Z',
    });
  return { kind: 'time', timeUs: BigInt(timeMs) * 1_000n };
}

function renderRestore(outcome: RestoreOutcome): string {
  const { backup, from, items, bytes, neutralised, unproven, kept, resumed } = outcome;
  const { problems, inexact, unmasked = [], notes, notApplied } = outcome;
  const how = resumed ? 'restored, going on where the last run had stopped,' : 'restored';
  return [
    `${how} ${backup} from ${from}: ${formatCount(items)} items, ${formatBytes(bytes)}`,
    renderMoment(outcome),
    ...neutralised.map((what) => `put to rest: ${what}`),
    ...kept.map((what) => `kept as the target had it: ${what}`),
    ...notes.map((what) => `note: ${what}`),
    ...notApplied.map((what) => `not applied: ${what}`),
    ...unproven.map((what) => `unproven: ${what}: left out`),
    ...renderErasures(outcome),
    ...unmasked.map(({ where, what }) => `not masked: ${where}: ${what}`),
    ...inexact.map(({ where, what }) => `restored, perhaps not exactly: ${where}: ${what}`),
    ...problems.map(({ where, what }) => `missing: ${where}: ${what}`),
  ].join('\n');
}

function renderErasures({ erasures, unreadLedgers }: RestoreOutcome): string[] {
  const unread = unreadLedgers.map(
    ({ where, what }) =>
      `erasure ledger: people whose erasure only ${where} has recorded may be in the target; it was not read: ${what}`,
  );
  if (erasures.length === 0) return unread;
  const erased = erasures.filter(({ outcome }) => outcome === 'erased');
  const rows = erased.reduce((sum, erasure) => sum + erasure.rows, 0);
  return [
    `erasure ledger: ${erased.length} of ${erasures.length} requests replayed and proven, ${formatCount(rows)} rows`,
    ...erasures
      .filter(({ outcome }) => outcome === 'returned' || outcome === 'inapplicable')
      .map(({ id, what }) => `look at erasure ${id}: ${what}`),
    ...unread,
  ];
}

/** What the target shows, and what of the job is not in it. */
function renderMoment({ point, newest, nextCommit }: RestoreOutcome): string {
  const lsn = point.lsn === undefined ? '' : ` (LSN ${point.lsn})`;
  const later =
    nextCommit === undefined
      ? 'what came later is not in it'
      : `the first commit left out is of ${formatTime(new Date(nextCommit))}`;
  const behindMs = Date.parse(newest.time) - Date.parse(point.time);
  const lost =
    behindMs > 0
      ? `\nlost since: ${formatDuration(behindMs)} of changes that the backups still hold, up to ${formatTime(new Date(newest.time))}`
      : '';
  return `the target now shows ${formatTime(new Date(point.time))}${lsn}; ${later}${lost}`;
}
