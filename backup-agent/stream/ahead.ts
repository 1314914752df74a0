import { iterate, type Transform } from './transform.ts';

/**
 * Asks for the next chunk while this one is used: encryption and digests go on while a storage writes.
 * Holds one chunk more.
 */
export const oneAhead: Transform = async function* (source) {
  const iterator = iterate(source);
  let next = iterator.next();
  let ended = false;
  try {
    for (;;) {
      const step = await next;
      if (step.done) {
        ended = true;
        return;
      }
      next = iterator.next();
      // Whoever leaves early does not ask what became of it.
      next.catch(() => undefined);
      yield step.value;
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    if (!ended) await iterator.return?.();
  }
};
