import type { Problem } from '../../../errors/holdfast-error.ts';
import type { WalkOptions } from '../walk.ts';
import type { ErrorMessage } from './errors.ts';

/** What to walk. */
export type WalkTask = Pick<WalkOptions, 'root' | 'patterns' | 'oneFileSystem'>;

/** What the walk meets, in its order: an entry, as a line of an index, or something to be told. */
export type WalkEvent =
  | string
  | { readonly problem: Problem }
  | { readonly unknown: Uint8Array }
  | { readonly mount: Uint8Array }
  | { readonly special: Uint8Array; readonly kind: string };

/** From the thread that walks; each is answered with anything at all, for the next to come. */
export type FromWalker =
  | {
      readonly events: readonly WalkEvent[];
      /** How many were left out by patterns since the last message. */
      readonly excluded: number;
      readonly done: boolean;
    }
  | { readonly failed: ErrorMessage };
