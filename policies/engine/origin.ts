import { z } from 'zod';
import type { Origin } from './resource.ts';
import { type Fields, stripSymbols } from './value.ts';

/** What CDKTF writes beside every resource. */
const metadata = z.looseObject({
  metadata: z
    .looseObject({ path: z.string().optional(), stackTrace: z.array(z.string()).optional() })
    .optional(),
});

/** Where a resource was declared: its construct, its source line when recorded, its file. */
export function originOf(raw: Fields, file: string): Origin {
  const { path, stackTrace } = metadata.safeParse(raw['//']).data?.metadata ?? {};
  const frame = stackTrace
    ?.map((line) => /\(?([^\s()]+:\d+:\d+)\)?$/.exec(line)?.[1])
    .find((line) => line !== undefined && !line.includes('node_modules'));
  return {
    file,
    ...(path !== undefined && { construct: stripSymbols(path) }),
    ...(frame !== undefined && { source: frame }),
  };
}
