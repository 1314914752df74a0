import { z } from 'zod';
import type { Fields, Value } from './value.ts';

const value: z.ZodType<Value> = z.json();
const fields: z.ZodType<Fields> = z.record(z.string(), value);
const named = z.record(z.string(), fields);
/** Terraform accepts one object or a list of objects for every block. */
const oneOrMany = z.union([fields, z.array(fields)]);
const byType = z.record(z.string(), z.union([named, z.array(z.looseObject({}))]));

/** A configuration in Terraform's JSON syntax (developer.hashicorp.com/terraform/language/syntax/json). */
export const terraformDocument = z.looseObject({
  resource: byType.optional(),
  data: byType.optional(),
  provider: z.record(z.string(), oneOrMany).optional(),
  variable: z.record(z.string(), z.unknown()).optional(),
  locals: oneOrMany.optional(),
  output: z.record(z.string(), z.unknown()).optional(),
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
