/** Keys of repository format 1, see docs/format.md. */
export const headerKey = 'holdfast.json';
export const recoverKey = 'RECOVER.md';

export type Area = 'objects' | 'meta';

/** Every stored object is zstd inside age: `age -d | zstd -d` reads it. */
const storedEnding = '.zst.age';

export function storedName(name: string): string {
  return name + storedEnding;
}

export function plainName(storedName: string): string {
  return storedName.endsWith(storedEnding) ? storedName.slice(0, -storedEnding.length) : storedName;
}

export function jobPrefix(job: string): string {
  return `jobs/${job}/`;
}

export function backupPrefix(job: string, backupId: string): string {
  return `${jobPrefix(job)}${backupId}/`;
}

export function objectKey(job: string, backupId: string, area: Area, storedName: string): string {
  return `${backupPrefix(job, backupId)}${area}/${storedName}`;
}

export function manifestKey(job: string, backupId: string): string {
  return `${backupPrefix(job, backupId)}manifest.json`;
}

export function commitsPrefix(job: string): string {
  return `${jobPrefix(job)}commits/`;
}

/** Padded, so that keys sort as the sequence counts. */
export function commitKey(job: string, sequence: number): string {
  return `${commitsPrefix(job)}${String(sequence).padStart(10, '0')}.json`;
}

/** The sequence that a commit's key stands for; undefined when it is not a commit's key. */
export function commitSequence(job: string, key: string): number | undefined {
  const digits = /^(\d{10})\.json$/.exec(key.slice(commitsPrefix(job).length))?.[1];
  return digits === undefined || !key.startsWith(commitsPrefix(job)) ? undefined : Number(digits);
}

export function evidenceKey(job: string, drillId: string): string {
  return `${jobPrefix(job)}drills/${drillId}.json`;
}

export function erasureKey(job: string, erasureId: string): string {
  return `${jobPrefix(job)}erasures/${erasureId}.json${storedEnding}`;
}

export function leaseKey(job: string): string {
  return `leases/${job}.json`;
}
