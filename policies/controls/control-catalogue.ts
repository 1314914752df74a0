import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { name } from '../../contracts/names.ts';
import { evidenceChecks } from './evidence/evidence-checks.ts';
import { settingChecks } from './setting-checks.ts';
import { bilingual, nameText, type Text } from './text.ts';

const folder = join(import.meta.dirname, 'catalogue');

const ids = (known: Readonly<Record<string, unknown>>) =>
  z.array(z.enum(Object.keys(known) as [string, ...string[]])).default([]);

const control = z.strictObject({
  id: name,
  title: bilingual,
  /** What the product promises. */
  promise: bilingual,
  /** Keys of the theme's topics. */
  topics: z.array(name).min(1),
  /** Rules that must judge something and find it good. */
  rules: z.array(name).default([]),
  /** Rules that count where there is anything that they judge. */
  whereUsed: z.array(name).default([]),
  /** Terraform types of AWS services that the stacks must turn on. */
  services: z.record(z.string().startsWith('aws_'), nameText).default({}),
  /** What the agent's configuration must say. */
  settings: ids(settingChecks),
  /** What the agent's signed records must show. */
  evidence: ids(evidenceChecks),
  /** What people attest. */
  procedures: z.array(name).default([]),
  /** What AWS does under the shared responsibility. */
  inherited: bilingual.optional(),
  frameworks: z.record(z.string(), z.array(z.string()).min(1)),
});
export type Control = z.infer<typeof control>;

const theme = z.strictObject({
  theme: name,
  title: bilingual,
  topics: z.record(name, bilingual),
  controls: z.array(control).min(1),
});
export interface Theme {
  readonly id: string;
  readonly title: Text;
  readonly topics: ReadonlyMap<string, Text>;
  readonly controls: readonly Control[];
}

let themes: readonly Theme[] | undefined;

/** The catalogue of controls, a file a theme, read once; throws what is wrong with a file by its name. */
export function controlCatalogue(): readonly Theme[] {
  return (themes ??= readThemes());
}

function readThemes(): Theme[] {
  return readdirSync(folder)
    .toSorted()
    .map((file) => {
      const parsed = theme.safeParse(parse(readFileSync(join(folder, file), 'utf8')));
      if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
      const { theme: id, title, topics, controls } = parsed.data;
      return { id, title, topics: new Map(Object.entries(topics)), controls };
    });
}

const procedure = z.strictObject({
  title: bilingual,
  /** The longest time, in days, that an attestation may hold. */
  every: z.int().positive(),
  /** The page that tells how it is done. */
  template: z.string().startsWith('docs/procedures/'),
});
export type Procedure = z.infer<typeof procedure>;

/** What only people can do, by id. */
export function procedures(): ReadonlyMap<string, Procedure> {
  const file = join(import.meta.dirname, 'procedures.yaml');
  const parsed = z.record(name, procedure).parse(parse(readFileSync(file, 'utf8')));
  return new Map(Object.entries(parsed));
}
