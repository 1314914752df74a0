import { iterate, type Transform } from './transform.ts';

/**
 * Asks for the next chunk while this one is used: encryption and digests go on while a storage writes.
 * Holds one chunk more.
 */
export const oneAhead: Transform = async function* (source) {
  const iterator = iterate(source);
  try {
    for (let next = iterator.next(); ;) {
      const step = await next;
      if (step.done) return;
      next = iterator.next();
      // Whoever leaves early does not ask what became of it.
      next.catch(() => undefined);
      yield step.value;
    }
  } finally {
    await iterator.return?.();
  }
};
