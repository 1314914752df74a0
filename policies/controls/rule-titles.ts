import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { rules } from '../rules/index.ts';
import type { Text } from './text.ts';

const file = join(import.meta.dirname, 'rule-titles.zh.yaml');

const chinese = new Map(
  Object.entries(z.record(z.string(), z.string().min(1)).parse(parse(readFileSync(file, 'utf8')))),
);

const english = new Map(rules.map(({ id, title }) => [id, title]));

/** Rules that have a Chinese title, for the test that holds the two lists together. */
export const translatedRules: readonly string[] = [...chinese.keys()];

/** The condition under which a rule passes. */
export function ruleTitle(id: string): Text {
  const en = english.get(id) ?? id;
  return { en, zh: chinese.get(id) ?? en };
}
