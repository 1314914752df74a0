import { copyStatement } from '../copy-out.ts';
import { quoteLiteral, quoteQualified } from '../changes/quote.ts';
import type { Inventory } from '../inventory.ts';

/** The meta object that restores a full with sh, age, zstd and psql alone. */
export const loadScriptName = 'load.sh';

/**
 * A POSIX shell script that loads a full into an empty database by standard tools: the schema, then
 * each table's rows with triggers and foreign keys at rest, then sequences and large objects. It is
 * run from the backup's folder, next to `objects/`, see RECOVER.md.
 */
export function loadScript(inventory: Inventory): string {
  return [
    head(inventory),
    ...inventory.tables.flatMap((table) =>
      table.objects.map(
        (object) =>
          `load ${quote(object)} ${quote(`${copyStatement(table).replace(/ TO STDOUT$/, '')} FROM STDIN;`)}`,
      ),
    ),
    ...largeObjects(inventory),
    `run ${quote(sequencePositions(inventory))}`,
    `run 'ANALYZE;'`,
    `echo 'loaded ${inventory.tables.length} tables'`,
    '',
  ].join('\n');
}

function head({ schema, server, roles }: Inventory): string {
  const names = roles
    .map((role) => role.name)
    .join(', ')
    .replaceAll(/[^\x20-\x7e]/g, '?');
  return `#!/bin/sh
# Loads this full backup of PostgreSQL ${server.majorVersion} into the empty database that DATABASE names,
# as a superuser. IDENTITY is the file of the recovery identity.
# Roles that the schema names and that should exist first: ${names || 'none'}
set -eu
: "\${DATABASE:?a connection string of an empty database}" "\${IDENTITY:?an age identity file}"

plain() { age --decrypt --identity "$IDENTITY" "objects/$1.zst.age" | zstd --decompress --stdout; }
client() { PGOPTIONS='-c session_replication_role=replica' psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "$DATABASE"; }
run() { printf '%s\\n' "$1" | client; }
load() { { printf '%s\\n' "$2"; plain "$1"; printf '\\\\.\\n'; } | client; }

# A role that is missing here costs an ownership or a grant, not the data.
plain ${quote(schema)} | psql --no-psqlrc --quiet --dbname "$DATABASE"`;
}

/** Rows of (oid, owner, part, bytes), in parts of 1 MiB. */
function largeObjects({ largeObjects }: Inventory): string[] {
  if (largeObjects.object === undefined) return [];
  return [
    `run 'CREATE TABLE public.holdfast_large_objects (id oid, owner text, part bigint, data bytea);'`,
    `load ${quote(largeObjects.object)} 'COPY public.holdfast_large_objects FROM STDIN;'`,
    `run 'SELECT count(lo_create(id)) FROM (SELECT DISTINCT id FROM public.holdfast_large_objects) ids;'`,
    `run 'SELECT count(*) FROM (SELECT lo_put(id, part * 1048576, data) FROM public.holdfast_large_objects ORDER BY id, part) parts;'`,
    `run 'DROP TABLE public.holdfast_large_objects;'`,
  ];
}

function sequencePositions({ sequences }: Inventory): string {
  return sequences
    .map(
      ({ schema, name, lastValue, isCalled }) =>
        `SELECT setval(${quoteLiteral(quoteQualified(schema, name))}, ${lastValue}, ${isCalled});`,
    )
    .join('\n');
}

/** One word for sh, whatever it holds. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
