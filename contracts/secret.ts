import { z } from 'zod';

/**
 * Where a secret is found; never the secret itself. A file's or command's trailing newline is
 * dropped. A command is an argument list, run without a shell. A secret of AWS Secrets Manager is
 * named by name or ARN, and read with the credentials that the host has; where it is a JSON object,
 * `field` says which text of it is meant.
 */
export const secretReference = z.union(
  [
    z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
    z.strictObject({ file: z.string().min(1) }),
    z.strictObject({ command: z.array(z.string()).min(1) }),
    z.strictObject({
      secretsManager: z.string().min(1),
      region: z.string().min(1).optional(),
      field: z.string().min(1).optional(),
    }),
  ],
  {
    error:
      'must be { env: NAME }, { file: path }, { command: [program, argument …] } or { secretsManager: name }',
  },
);
export type SecretReference = z.infer<typeof secretReference>;
