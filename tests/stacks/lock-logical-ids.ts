import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { environmentNames, resourcesOf, synthesize } from './support.ts';

/** Writes the list that the synthesis test holds: run it after a wanted change, and review the diff. */
const entries: [string, string[]][] = [];
for (const name of environmentNames) {
  const resources = resourcesOf(await synthesize(name));
  entries.push([name, resources.map(({ stack, type, id }) => `${stack}/${type}.${id}`).sort()]);
}
await writeFile(
  join(import.meta.dirname, 'logical-ids.json'),
  `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`,
);
