/** A segment's object inside its backup. */
export function segmentName(segment: number): string {
  return `s${String(segment).padStart(6, '0')}.tar`;
}
