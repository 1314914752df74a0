import { isUtf8 } from 'node:buffer';
import type { Attribute } from './attributes/attribute.ts';
import { attributeRecords } from './attributes/pax-attributes.ts';

/**
 * The headers of POSIX.1-2001 pax archives ("pax Interchange Format" and "ustar Interchange Format"
 * in the `pax` utility's description). Written here because tar libraries take names as text, and a
 * name that is not UTF-8 would come back as another one.
 */
export interface TarHeader {
  readonly path: Buffer;
  readonly type: 'file' | 'directory' | 'symlink' | 'link';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  /** Of a symbolic or hard link. */
  readonly linkPath?: Buffer;
  readonly attributes?: readonly Attribute[];
}

export const tarBlockBytes = 512;
/** Two empty blocks end an archive. */
export const tarEnd = Buffer.alloc(2 * tarBlockBytes);

/** In ASCII: 0, 1, 2, 5, x. */
const typeFlags = { file: 0x30, link: 0x31, symlink: 0x32, directory: 0x35, pax: 0x78 } as const;
const paxName = Buffer.from('PaxHeader');
const ustar = Buffer.from('ustar\u000000');
const nameBytes = 100;
/** Up to the end of magic and version; the rest of the block is zero, and adds nothing. */
const usedBytes = 265;
const largestId = 0o7777777;
const largestSize = 0o77777777777;
const largestTime = 0o77777777777;
const second = 1_000_000_000n;

/** How many zero bytes fill up the last block of so many bytes. */
export function tarPadding(sizeBytes: number): number {
  return (tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes;
}

/** The blocks that go before an entry's content, written at once: there may be millions of them. */
export function tarHeader(header: TarHeader): Buffer {
  const records = paxRecords(header);
  const recordBytes = records.reduce((sum, record) => sum + record.length, 0);
  const own = tarBlockBytes + recordBytes + tarPadding(recordBytes);
  const bytes = Buffer.allocUnsafe(own + tarBlockBytes).fill(0);
  writeBlock(bytes, 0, header, 'pax', recordBytes);
  let at = tarBlockBytes;
  for (const record of records) at += record.copy(bytes, at);
  writeBlock(bytes, own, header, header.type, header.sizeBytes);
  return bytes;
}

function paxRecords(header: TarHeader): Buffer[] {
  const { path, linkPath, uid, gid, sizeBytes, mtimeNs, attributes } = header;
  const long = path.length > nameBytes;
  const longLink = linkPath !== undefined && linkPath.length > nameBytes;
  const text = (value: Buffer | undefined) => value === undefined || isUtf8(value);
  const records: Buffer[] = [];
  if ((long && !text(path)) || (longLink && !text(linkPath)))
    records.push(textRecord('hdrcharset', 'BINARY'));
  if (long) records.push(paxRecord('path', path));
  if (longLink) records.push(paxRecord('linkpath', linkPath));
  if (uid > largestId) records.push(textRecord('uid', uid));
  if (gid > largestId) records.push(textRecord('gid', gid));
  if (sizeBytes > largestSize) records.push(textRecord('size', sizeBytes));
  records.push(textRecord('mtime', paxTime(mtimeNs)));
  if (attributes)
    for (const { keyword, value } of attributeRecords(attributes))
      records.push(paxRecord(keyword, value));
  return records;
}

/** `<length> <keyword>=<value>\n`, the length counting itself. */
function paxRecord(keyword: string, value: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`${paxLength(keyword, value.length)} ${keyword}=`, 'latin1'),
    value,
    Buffer.from('\n'),
  ]);
}

/** The same for what is ASCII: one buffer instead of four. */
function textRecord(keyword: string, value: number | string): Buffer {
  const text = String(value);
  return Buffer.from(`${paxLength(keyword, text.length)} ${keyword}=${text}\n`, 'latin1');
}

function paxLength(keyword: string, valueBytes: number): number {
  const rest = keyword.length + valueBytes + 3;
  const length = rest + String(rest).length;
  return String(length).length > String(rest).length ? rest + String(length).length : length;
}

function paxTime(timeNs: bigint): string {
  const [sign, size] = timeNs < 0n ? ['-', -timeNs] : ['', timeNs];
  const digits = String(size).padStart(10, '0');
  return `${sign}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}

function writeBlock(
  bytes: Buffer,
  start: number,
  header: TarHeader,
  type: keyof typeof typeFlags,
  sizeBytes: number,
): void {
  const octal = (value: number, at: number, digits: number) =>
    writeOctal(bytes, value, start + at, digits);
  const fitting = (value: number, largest: number) => (value < 0 || value > largest ? 0 : value);
  (type === 'pax' ? paxName : header.path).copy(bytes, start, 0, nameBytes);
  octal(header.mode, 100, 7);
  octal(fitting(header.uid, largestId), 108, 7);
  octal(fitting(header.gid, largestId), 116, 7);
  octal(fitting(sizeBytes, largestSize), 124, 11);
  octal(fitting(Number(header.mtimeNs / second), largestTime), 136, 11);
  bytes.fill(0x20, start + 148, start + 156);
  bytes[start + 156] = typeFlags[type];
  header.linkPath?.copy(bytes, start + 157, 0, nameBytes);
  ustar.copy(bytes, start + 257);
  let checksum = 0;
  for (let at = start; at < start + usedBytes; at++) checksum += bytes[at] ?? 0;
  octal(checksum, 148, 6);
  bytes[start + 154] = 0;
}

/** Digit by digit: text on the way would take most of the time that a header takes. */
function writeOctal(bytes: Buffer, value: number, at: number, digits: number): void {
  let left = value;
  for (let digit = at + digits - 1; digit >= at; digit--) {
    const higher = Math.floor(left / 8);
    bytes[digit] = 0x30 + left - higher * 8;
    left = higher;
  }
}
