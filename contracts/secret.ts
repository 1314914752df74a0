import { z } from 'zod';

/**
 * Where a secret is found; never the secret itself. A file's or command's trailing newline is
 * dropped. A command is an argument list, run without a shell.
 */
export const secretReference = z.union(
  [
    z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }),
    z.strictObject({ file: z.string().min(1) }),
    z.strictObject({ command: z.array(z.string()).min(1) }),
  ],
  { error: 'must be { env: NAME }, { file: path } or { command: [program, argument …] }' },
);
export type SecretReference = z.infer<typeof secretReference>;
