/**
 * `20261122T210500Z-7f3a91`: sorts by time; the random part keeps two writers apart. A clock that
 * went backwards does not: the new id always sorts after `newest`, the newest one known.
 */
export function newBackupId(
  now: Date,
  randomBytes: (count: number) => Uint8Array,
  newest?: string,
): string {
  const earliest = newest === undefined ? 0 : timeOfBackupId(newest).getTime() + 1_000;
  const time = new Date(Math.max(now.getTime(), earliest))
    .toISOString()
    .replace(/\.\d{3}Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `${time}-${Buffer.from(randomBytes(3)).toString('hex')}`;
}

/** When the backup was begun, to the second. */
export function timeOfBackupId(id: string): Date {
  return new Date(id.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z.*$/, '$1-$2-$3T$4:$5:$6Z'));
}
