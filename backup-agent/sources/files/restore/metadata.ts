import {
  chmodSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  lutimesSync,
} from 'node:fs';
import { isOfTheMachine } from '../attributes/attribute.ts';
import { accessAcl, modeWithoutAcl } from '../attributes/posix-acl.ts';
import type { FileReference, SystemCalls } from '../attributes/system-calls.ts';
import { showPath, type Entry } from '../entry.ts';
import { errorCode } from '../system-errors.ts';

const specialBits = 0o7000;
/** Attributes with names of an attacker's choice must not make a report of any length. */
const mostKinds = 20;

/** What of one attribute the target did not take, and of how many entries. */
export interface Untaken {
  readonly name: string;
  readonly reason: string;
  readonly first: string;
  readonly entries: number;
}

/**
 * Gives entries their owners, modes, times and extended attributes. Attributes that the target does
 * not take are counted and told, and fail nothing.
 */
export class Metadata {
  readonly #system: SystemCalls | undefined;
  #ownerOfNew: { readonly uid: number; readonly gid: number } | undefined;
  readonly #untaken = new Map<string, Untaken>();

  /** Without `system`, times are exact to a quarter of a microsecond, and there are no attributes. */
  constructor(system: SystemCalls | undefined) {
    this.#system = system;
  }

  get untaken(): readonly Untaken[] {
    return [...this.#untaken.values()];
  }

  /** Counts what was found here, or in another thread. */
  add({ name, reason, first, entries }: Untaken): void {
    const isNew = this.#untaken.size < mostKinds;
    const shown = isNew || this.#untaken.has(`${name} ${reason}`) ? name : '(others)';
    const key = `${shown} ${reason}`;
    const known = this.#untaken.get(key) ?? { name: shown, reason, first, entries: 0 };
    this.#untaken.set(key, { ...known, entries: known.entries + entries });
  }

  /** Lines for people: a kind of attribute and reason in each. */
  get notes(): string[] {
    return this.untaken.map(
      ({ name, reason, first, entries }) =>
        `extended attribute ${name} could not be set: ${reason} (${entries} entries, the first ${first})`,
    );
  }

  /** `isNew`: just made, in the one folder where all such files are made, so all have one owner. */
  setFile(fd: number, entry: Entry, isNew: boolean): void {
    if (mayChangeOwner && !(isNew && this.#hasOwner(fd, entry)))
      fchownSync(fd, entry.uid, entry.gid);
    fchmodSync(fd, modeFor(this.#setAttributes(fd, entry)));
    if (this.#system) this.#system.setTime(fd, entry.mtimeNs);
    else futimesSync(fd, seconds(entry.mtimeNs), seconds(entry.mtimeNs));
  }

  #hasOwner(fd: number, entry: Entry): boolean {
    const { uid, gid } = (this.#ownerOfNew ??= fstatSync(fd));
    return uid === entry.uid && gid === entry.gid;
  }

  setLink(absolute: Buffer, entry: Entry): void {
    if (mayChangeOwner) lchownSync(absolute, entry.uid, entry.gid);
    this.#setAttributes(absolute, entry);
    this.#setTime(absolute, entry);
  }

  /** The caller has made sure that `absolute` is a file or directory, and no link. */
  setPath(absolute: Buffer, entry: Entry): void {
    if (mayChangeOwner) lchownSync(absolute, entry.uid, entry.gid);
    chmodSync(absolute, modeFor(this.#setAttributes(absolute, entry)));
    this.#setTime(absolute, entry);
  }

  #setTime(absolute: Buffer, { mtimeNs }: Entry): void {
    if (this.#system) this.#system.setTime(absolute, mtimeNs);
    else lutimesSync(absolute, seconds(mtimeNs), seconds(mtimeNs));
  }

  /** After the owner, whose change takes capabilities away, and before a mode that forbids writing. */
  #setAttributes(file: FileReference, entry: Entry): Entry {
    let { mode } = entry;
    for (const { name, value } of entry.attributes ?? []) {
      if (isOfTheMachine(name)) continue;
      const reason = this.#set(file, name, value);
      if (reason === undefined) continue;
      this.#count(name.toString(), reason, entry);
      if (name.toString('latin1') === accessAcl) mode = modeWithoutAcl(mode, value);
    }
    return mode === entry.mode ? entry : { ...entry, mode };
  }

  #set(file: FileReference, name: Buffer, value: Buffer): string | undefined {
    if (!this.#system) return 'this platform cannot';
    try {
      this.#system.setAttribute(file, name, value);
      return undefined;
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      return code;
    }
  }

  #count(name: string, reason: string, { path }: Entry): void {
    this.add({ name, reason, first: showPath(path), entries: 1 });
  }
}

/** Seconds, as Node's file functions take them: exact to a quarter of a microsecond. */
function seconds(timeNs: bigint): number {
  return Number(timeNs) / 1e9;
}

/** Only root may give files away; for others every entry belongs to who restores it. */
const mayChangeOwner = process.getuid?.() === 0;

/** Set-id bits mean something else once the owner is another one. */
function modeFor({ mode }: Entry): number {
  return mayChangeOwner ? mode : mode & ~specialBits;
}

/** Whether what is there has the times of the entry, as exactly as they can be set. */
export function sameTime(mtimeNs: bigint, entry: Entry): boolean {
  const difference = mtimeNs - entry.mtimeNs;
  return difference < 1000n && difference > -1000n;
}
