import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { bilingual, nameText, type Text } from './text.ts';

const folder = join(import.meta.dirname, 'frameworks');

/** Numbers as YAML reads them would lose a digit: `1.10` is not `1.1`. */
const id = z.string().min(1);

const list = z.strictObject({
  name: nameText,
  /** For a line that names many. */
  short: nameText,
  requirements: z.record(id, bilingual),
  /** Requirements that no control is meant to meet. */
  outOfScope: z.array(z.strictObject({ ids: z.array(id).min(1), reason: bilingual })).default([]),
});

/** A framework's requirements: ids as its text numbers them, titles in our own words. */
export interface FrameworkList {
  readonly id: string;
  readonly name: Text;
  readonly short: Text;
  readonly requirements: ReadonlyMap<string, Text>;
  /** Why, by requirement. */
  readonly outOfScope: ReadonlyMap<string, Text>;
}

/** Every framework that controls may name, in the order of the page. */
export const frameworkOrder = [
  'iso-27001-2022',
  'soc2',
  'nist-csf-2',
  'nist-800-53-5',
  'cis-aws-5',
  'cis-aws-6',
  'pci-dss-4',
  'hipaa',
  'gdpr',
  'ccpa',
  'mlps-3',
  'pipl',
] as const;

let lists: readonly FrameworkList[] | undefined;

/** The lists, read once; throws what is wrong with a file by its name. */
export function frameworkLists(): readonly FrameworkList[] {
  return (lists ??= readLists());
}

function readLists(): FrameworkList[] {
  const known = readdirSync(folder).map((file) => basename(file, '.yaml'));
  const unordered = new Set(known).symmetricDifference(new Set(frameworkOrder));
  if (unordered.size > 0) throw new Error(`frameworks without a place: ${[...unordered].join()}`);
  return frameworkOrder.map((name) => readList(name));
}

function readList(name: string): FrameworkList {
  const file = join(folder, `${name}.yaml`);
  const parsed = list.safeParse(parse(readFileSync(file, 'utf8')));
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
  const { requirements, outOfScope, ...rest } = parsed.data;
  return {
    id: name,
    ...rest,
    requirements: new Map(Object.entries(requirements)),
    outOfScope: new Map(
      outOfScope.flatMap(({ ids, reason }) => ids.map((one) => [one, reason] as const)),
    ),
  };
}
