import type { Store } from './stores.ts';

/** One operation in a process of its own, which kills itself at a named point if one is given. */
export interface ChildTask {
  readonly directory: string;
  readonly store: Store;
  readonly operation: 'backup' | 'copy' | 'prune';
  /** The point, and how many times it is passed before. */
  readonly killAt?: { readonly point: string; readonly skip: number };
}

/** When one step counts as stuck; at full size the loops may have little of a machine to themselves. */
export const patienceMs = 600_000;
