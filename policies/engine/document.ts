import { z } from 'zod';
import type { Fields, Value } from './value.ts';

const value: z.ZodType<Value> = z.json();
const fields: z.ZodType<Fields> = z.record(z.string(), value);
/** Terraform accepts one object or a list of objects for every block. */
const oneOrMany = z.union([fields, z.array(fields)]);
const blocks = z.record(z.string(), fields);
const byType = z.record(z.string(), blocks);

/**
 * Brings the ways to write labelled blocks down to one: an object by label, and in it the body. Terraform
 * takes a list of objects in every place, as translators from its own language write them, and `"//"` as a
 * comment. What is neither stays as it is, for the schema to refuse.
 */
function byLabel(content: unknown, labels: number): unknown {
  const parts: unknown[] = Array.isArray(content) ? content : [content];
  if (labels === 0) return parts.length === 1 ? parts[0] : content;
  if (!parts.every((part) => z.looseObject({}).safeParse(part).success)) return content;
  const entries = parts.flatMap((part) => Object.entries(part as object));
  const groups = Map.groupBy(
    entries.filter(([label]) => label !== '//'),
    ([label]) => label,
  );
  return Object.fromEntries(
    [...groups].map(([label, members]) => {
      const bodies = members.flatMap(([, body]) => body as unknown);
      return [label, byLabel(bodies, labels - 1)];
    }),
  );
}

const labelled = <Schema extends z.ZodType>(schema: Schema, labels: number) =>
  z.preprocess(
    (content) => (content === undefined ? undefined : byLabel(content, labels)),
    schema.optional(),
  );

/** A configuration in Terraform's JSON syntax (developer.hashicorp.com/terraform/language/syntax/json). */
export const terraformDocument = z.looseObject({
  resource: labelled(byType, 2),
  data: labelled(byType, 2),
  provider: labelled(z.record(z.string(), oneOrMany), 1),
  variable: labelled(z.record(z.string(), z.unknown()), 1),
  locals: oneOrMany.optional(),
  output: labelled(z.record(z.string(), z.unknown()), 1),
  terraform: z.unknown().optional(),
});
export type TerraformDocument = z.infer<typeof terraformDocument>;

/** `manifest.json` of a CDKTF output directory. */
export const cdktfManifest = z.looseObject({
  stacks: z.record(
    z.string(),
    z.looseObject({ name: z.string(), synthesizedStackPath: z.string() }),
  ),
});
