import type { Problem } from '../../../errors/holdfast-error.ts';
import { showPath } from '../entry.ts';
import { errorCode } from '../system-errors.ts';
import {
  hasNoAttributes,
  largestAttributeBytes,
  type FileReference,
  type SystemCalls,
} from './system-calls.ts';

/** An extended attribute of an entry; a POSIX ACL is one too. */
export interface Attribute {
  readonly name: Buffer;
  readonly value: Buffer;
}

/** What an entry may have in all, names included; file systems seldom let it have more than 64 KiB. */
export const largestAttributesBytes = 256 * 1024;
/** xattr(7). */
const longestNameBytes = 255;

/**
 * What belongs to the machine and not to the file: a label that the target's own policy gives, and
 * signatures over the inode, which fit no other.
 */
const ofTheMachine = new Set(['security.selinux', 'security.ima', 'security.evm']);

/** Reads what a backup keeps of an entry; undefined when it has nothing. */
export type ReadAttributes = (
  file: FileReference,
  path: Buffer,
) => readonly Attribute[] | undefined;

/** What cannot be read, or is too large, goes to `onProblem`, and the rest is kept. */
export function attributeReader(
  system: SystemCalls,
  onProblem: (problem: Problem) => void,
): ReadAttributes {
  return (file, path) => {
    const refuse = (what: string) => onProblem({ where: showPath(path), what });
    const attributes: Attribute[] = [];
    let bytes = 0;
    for (const name of namesOf(system, file, refuse)) {
      const value = read(system, file, name, refuse);
      if (!value) continue;
      bytes += name.length + value.length;
      if (bytes <= largestAttributesBytes) attributes.push({ name, value });
    }
    if (bytes > largestAttributesBytes)
      refuse('has more extended attributes than 256 KiB; some are left out');
    return attributes.length > 0 ? attributes : undefined;
  };
}

function namesOf(
  system: SystemCalls,
  file: FileReference,
  refuse: (what: string) => void,
): Buffer[] {
  try {
    const list = system.listAttributes(file);
    return list.length === 0 ? [] : splitNames(list);
  } catch (error) {
    const code = errorCode(error);
    // One that vanished is told of by whoever reads it.
    if (!hasNoAttributes(error) && code !== 'ENOENT' && code !== 'ENOTDIR')
      refuse(`has extended attributes that cannot be listed: ${code}`);
    return [];
  }
}

/** In the order of their bytes, so that the same attributes are always the same. */
function splitNames(list: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let start = 0;
  for (let end = list.indexOf(0); end >= 0; end = list.indexOf(0, start)) {
    const name = Buffer.from(list.subarray(start, end));
    if (!isOfTheMachine(name)) names.push(name);
    start = end + 1;
  }
  return names.sort((left, right) => Buffer.compare(left, right));
}

function read(
  system: SystemCalls,
  file: FileReference,
  name: Buffer,
  refuse: (what: string) => void,
): Buffer | undefined {
  try {
    return Buffer.from(system.getAttribute(file, name));
  } catch (error) {
    const code = errorCode(error);
    // ENODATA, on macOS ENOATTR (93): it went since it was listed.
    if (code === 'ENODATA' || code?.startsWith('Unknown system error')) return undefined;
    const reason = code === 'ERANGE' ? 'is larger than 64 KiB' : `cannot be read: ${code}`;
    refuse(`has an extended attribute ${name.toString()} that ${reason}; it is left out`);
    return undefined;
  }
}

/** Of what is read from a repository; undefined when it can be handed to the system. */
export function faultOfAttributes(attributes: readonly Attribute[]): string | undefined {
  let bytes = 0;
  for (const { name, value } of attributes) {
    if (name.length === 0 || name.length > longestNameBytes || name.includes(0))
      return 'has an extended attribute without a usable name';
    if (value.length > largestAttributeBytes)
      return 'has an extended attribute of more than 64 KiB';
    bytes += name.length + value.length;
  }
  return bytes > largestAttributesBytes
    ? 'has more than 256 KiB of extended attributes'
    : undefined;
}

export function isOfTheMachine(name: Buffer): boolean {
  return ofTheMachine.has(name.toString('latin1'));
}
