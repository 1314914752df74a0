/**
 * How much the loops of long tests (kills, load, random runs) are multiplied. 1 keeps `npm test`
 * short; `.ci/run --full` sets HOLDFAST_TEST_SCALE to run them at full size.
 */
export const testScale = Number(process.env['HOLDFAST_TEST_SCALE'] ?? '1');

/** `small` rounds normally, up to `full` as the scale grows. */
export function rounds(small: number, full: number): number {
  return Math.min(full, Math.round(small * testScale));
}
