import { InvalidArgumentError } from 'commander';
import { size } from '../../contracts/units.ts';
import type { Sample } from '../repository/sample.ts';

/** The value of an option: `5%`, `10GiB` or `1/7`; throws commander's own error for anything else. */
export function parseSample(text: string): Sample {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  if (share !== undefined && Number(share) > 0 && Number(share) <= 100)
    return { type: 'share', share: Number(share) / 100 };
  const parts = /^1\/(\d{1,4})$/.exec(text)?.[1];
  if (parts !== undefined && Number(parts) > 0) return { type: 'part', parts: Number(parts) };
  const bytes = size.safeParse(text);
  if (bytes.success) return { type: 'bytes', bytes: bytes.data };
  throw new InvalidArgumentError(
    'It is neither a share (5%), a size (10GiB) nor a rotating part (1/7); the job comes before --read.',
  );
}
