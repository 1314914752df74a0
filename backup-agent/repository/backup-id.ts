/** `20261122T210500Z-7f3a91`: sorts by time; the random part keeps two writers apart. */
export function newBackupId(now: Date, randomBytes: (count: number) => Uint8Array): string {
  const time = now
    .toISOString()
    .replace(/\.\d{3}Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `${time}-${Buffer.from(randomBytes(3)).toString('hex')}`;
}
