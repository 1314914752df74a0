/** A segment's object inside its backup. */
export function segmentName(segment: number): string {
  return `s${String(segment).padStart(6, '0')}.tar`;
}

/** Undefined for what is no segment's name. */
export function segmentNumber(name: string): number | undefined {
  const digits = /^s(\d{6,})\.tar$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
