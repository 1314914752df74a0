import { createPublicationsSql, type PublicationNames } from '../changes/publications.ts';
import { quoteIdentifier, quoteQualified } from '../changes/quote.ts';
import type { ServerFacts } from '../server-facts.ts';
import type { Enrolment, TableName } from './enrolment.ts';

export interface PreparationFacts {
  readonly server: ServerFacts;
  readonly enrolment: Enrolment;
  readonly publications: PublicationNames;
  /** Which of the two exist. */
  readonly existing: readonly string[];
  /** The role that the agent signs in as. */
  readonly role: string;
  readonly roleExists: boolean;
  readonly schemas: readonly string[];
  /** Of those, the ones where every role may create: `public` does so in databases made before version 15. */
  readonly openSchemas: readonly string[];
  /** Whether any table has row-level security. */
  readonly rowSecurity: boolean;
  /** What `max_slot_wal_keep_size` should be, in MB. */
  readonly keepMegabytes: number;
}

/** One thing to do before a job can run. */
export interface PreparationStep {
  readonly about: 'parameter' | 'role' | 'publication';
  /** Why, in one line. */
  readonly why: string;
  readonly sql: readonly string[];
  /** What a person must do instead of, or after, running the SQL. */
  readonly byHand?: string;
}

/** Slots that one job may need at once: the chain's, the next full's, and one to align copies. */
const slotsPerJob = 3;

/** What is still missing on the server, in the order in which it must be done. A pure function. */
export function preparationSteps(facts: PreparationFacts): PreparationStep[] {
  return [...parameterSteps(facts), ...roleSteps(facts), ...publicationSteps(facts)];
}

function* parameterSteps({ server, keepMegabytes }: PreparationFacts): Generator<PreparationStep> {
  const { managed } = server;
  if (server.walLevel !== 'logical') {
    yield {
      about: 'parameter',
      why: 'changes can be read only from a log that holds them',
      sql: managed ? [] : [`ALTER SYSTEM SET wal_level = 'logical'`],
      byHand: managed
        ? 'set rds.logical_replication = 1 in the parameter group, and reboot'
        : 'restart the server',
    };
  }
  const slots = Math.max(10, server.slotsUsed + slotsPerJob);
  if (server.slotsLimit < server.slotsUsed + slotsPerJob) {
    yield {
      about: 'parameter',
      why: `the server has room for ${server.slotsLimit} replication slots, and ${server.slotsUsed} are taken`,
      sql: managed ? [] : [`ALTER SYSTEM SET max_replication_slots = ${slots}`],
      byHand: managed
        ? `set max_replication_slots = ${slots} in the parameter group, and reboot`
        : 'restart the server',
    };
  }
  if (server.keepMegabytes < 0) {
    yield {
      about: 'parameter',
      why: 'without a limit, a slot that nobody reads fills the disk',
      sql: managed
        ? []
        : [
            `ALTER SYSTEM SET max_slot_wal_keep_size = '${keepMegabytes}MB'`,
            'SELECT pg_catalog.pg_reload_conf()',
          ],
      ...(managed
        ? { byHand: `set max_slot_wal_keep_size = ${keepMegabytes} in the parameter group` }
        : {}),
    };
  }
}

/** Reading everything and following the log; no right to write anything. */
function* roleSteps(facts: PreparationFacts): Generator<PreparationStep> {
  const { server, role, roleExists, schemas, openSchemas, rowSecurity } = facts;
  const name = quoteIdentifier(role);
  const { managed } = server;
  const attributes = ['LOGIN', ...(managed ? [] : ['REPLICATION'])];
  if (rowSecurity && !managed) attributes.push('BYPASSRLS');
  yield {
    about: 'role',
    why: roleExists
      ? 'the rights of the role'
      : 'a role that can read everything and write nothing',
    sql: [
      `${roleExists ? 'ALTER' : 'CREATE'} ROLE ${name} ${attributes.join(' ')}`,
      ...(managed ? [`GRANT rds_replication TO ${name}`] : []),
      `GRANT CONNECT ON DATABASE ${quoteIdentifier(server.database)} TO ${name}`,
      ...readRights(server, name, schemas),
    ],
    ...(roleExists ? {} : { byHand: `give it a password: \\password ${name}` }),
  };
  if (openSchemas.length > 0) {
    // Never by itself: roles of the application may create tables by the same right.
    const revoke = `REVOKE CREATE ON SCHEMA ${openSchemas.map(quoteIdentifier).join(', ')} FROM PUBLIC`;
    yield {
      about: 'role',
      why: `every role, and so this one, may create tables in ${openSchemas.join(', ')}`,
      sql: [],
      byHand: `${revoke}, unless the application creates tables by that right`,
    };
  }
  if (rowSecurity && managed) {
    yield {
      about: 'role',
      why: 'tables with row-level security would show the role only some of their rows',
      sql: [],
      byHand:
        'make the role a member of the owner of those tables, or give it BYPASSRLS where the provider allows it',
    };
  }
}

/** `pg_read_all_data` came with version 14; before it, every schema and its future tables by name. */
function readRights(
  { majorVersion }: ServerFacts,
  role: string,
  schemas: readonly string[],
): string[] {
  if (majorVersion >= 14) return [`GRANT pg_read_all_data TO ${role}`];
  return schemas.flatMap((schema) => {
    const within = quoteIdentifier(schema);
    return [
      `GRANT USAGE ON SCHEMA ${within} TO ${role}`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA ${within} TO ${role}`,
      `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${within} TO ${role}`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA ${within} GRANT SELECT ON TABLES TO ${role}`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA ${within} GRANT SELECT ON SEQUENCES TO ${role}`,
    ];
  });
}

/** The publications must stand before the slot: one made later breaks a slot for good. */
function* publicationSteps(facts: PreparationFacts): Generator<PreparationStep> {
  const { publications, existing, enrolment } = facts;
  const [all = '', keyed = ''] = createPublicationsSql(publications, enrolment.keyed);
  if (!existing.includes(publications.all))
    yield {
      about: 'publication',
      why: 'inserts and truncates of all tables, present and future',
      sql: [all],
    };
  if (!existing.includes(publications.keyed)) {
    yield {
      about: 'publication',
      why: 'updates and deletes of the tables that have an identity; the application’s updates of any other would fail',
      sql: [keyed],
    };
    return;
  }
  const name = quoteIdentifier(publications.keyed);
  const isIn = (list: readonly TableName[]) => (table: TableName) =>
    list.some((other) => other.schema === table.schema && other.name === table.name);
  const wrong = enrolment.enrolled.filter(isIn(enrolment.harmful)).map(only);
  const missing = enrolment.keyed.filter((table) => !isIn(enrolment.enrolled)(table)).map(only);
  if (wrong.length > 0)
    yield {
      about: 'publication',
      why: 'these tables have lost their identity: the application’s updates and deletes fail',
      sql: [`ALTER PUBLICATION ${name} DROP TABLE ${wrong.join(', ')}`],
    };
  if (missing.length > 0)
    yield {
      about: 'publication',
      why: 'these tables are not followed to the commit yet',
      sql: [`ALTER PUBLICATION ${name} ADD TABLE ${missing.join(', ')}`],
    };
}

function only({ schema, name }: TableName): string {
  return `ONLY ${quoteQualified(schema, name)}`;
}

/** The steps as a script for psql, with what must be done by hand as comments. */
export function preparationScript(steps: readonly PreparationStep[]): string {
  if (steps.length === 0) return '-- Nothing is missing.\n';
  return steps
    .map(({ why, sql, byHand }) =>
      [
        `-- ${why}`,
        ...sql.map((statement) => `${statement};`),
        ...(byHand === undefined ? [] : [`-- By hand: ${byHand}.`]),
        '',
      ].join('\n'),
    )
    .join('\n');
}
