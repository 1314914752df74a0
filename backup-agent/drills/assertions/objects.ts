import type { Manifest } from '../../../contracts/manifest.ts';
import { isHoldfastError } from '../../errors/holdfast-error.ts';
import { objectKey } from '../../repository/layout.ts';
import type { Storage } from '../../storage/storage.ts';
import { expectDigest } from '../../stream/digest.ts';
import { through } from '../../stream/transform.ts';
import type { Comparison } from '../assertion.ts';

/**
 * Every object of a chain is the one that its signed manifest names, those too that this restore had
 * no use for: a later one, or a recovery by hand, may need them.
 */
export async function* compareObjects(
  storage: Storage,
  manifests: readonly Manifest[],
  signal: AbortSignal,
): AsyncGenerator<Comparison> {
  for (const manifest of manifests)
    for (const area of ['objects', 'meta'] as const)
      for (const entry of manifest[area]) {
        const subject = objectKey(manifest.job, manifest.id, area, entry.name);
        try {
          const ciphertext = await storage.get(subject, { signal });
          for await (const _ of through(ciphertext, [expectDigest(entry, subject)], { signal }));
          yield { subject, outcome: 'passed', what: 'has its digest' };
        } catch (error) {
          if (!isHoldfastError(error)) throw error;
          yield { subject, outcome: 'failed', what: error.message };
        }
      }
}
