import { z } from 'zod';

export const extension = z.strictObject({
  name: z.string(),
  version: z.string(),
  schema: z.string(),
});

const role = z.strictObject({
  name: z.string(),
  canLogin: z.boolean(),
  inherit: z.boolean(),
  bypassRls: z.boolean(),
  memberOf: z.array(z.string()),
});
export type SchemaRole = z.infer<typeof role>;

/** What a schema names and does not hold itself: a server must have it before the schema can be made. */
export const schemaNeeds = z.strictObject({
  extensions: z.array(extension),
  /** Owners, grantees and members. */
  roles: z.array(role),
});
export type SchemaNeeds = z.infer<typeof schemaNeeds>;
