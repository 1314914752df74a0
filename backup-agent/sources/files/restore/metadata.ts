import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from 'node:fs';
import type { Entry } from '../entry.ts';

const specialBits = 0o7000;

/** Seconds, as Node's file functions take them: exact to a quarter of a microsecond. */
function seconds(timeNs: bigint): number {
  return Number(timeNs) / 1e9;
}

/** Only root may give files away; for others every entry belongs to who restores it. */
function mayChangeOwner(): boolean {
  return process.getuid?.() === 0;
}

/** Set-id bits mean something else once the owner is another one. */
function modeFor(entry: Entry): number {
  return mayChangeOwner() ? entry.mode : entry.mode & ~specialBits;
}

export function setFileMetadata(fd: number, entry: Entry): void {
  if (mayChangeOwner()) fchownSync(fd, entry.uid, entry.gid);
  fchmodSync(fd, modeFor(entry));
  futimesSync(fd, seconds(entry.mtimeNs), seconds(entry.mtimeNs));
}

export function setLinkMetadata(absolute: Buffer, entry: Entry): void {
  if (mayChangeOwner()) lchownSync(absolute, entry.uid, entry.gid);
  lutimesSync(absolute, seconds(entry.mtimeNs), seconds(entry.mtimeNs));
}

/** The caller has made sure that `absolute` is a file or directory, and no link. */
export function setPathMetadata(absolute: Buffer, entry: Entry): void {
  if (mayChangeOwner()) lchownSync(absolute, entry.uid, entry.gid);
  chmodSync(absolute, modeFor(entry));
  lutimesSync(absolute, seconds(entry.mtimeNs), seconds(entry.mtimeNs));
}

/** Whether what is there has the times of the entry, as exactly as they can be set. */
export function sameTime(mtimeNs: bigint, entry: Entry): boolean {
  const difference = mtimeNs - entry.mtimeNs;
  return difference < 1000n && difference > -1000n;
}
