import { isUtf8 } from 'node:buffer';

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
}

export const tarBlockBytes = 512;
/** Two empty blocks end an archive. */
export const tarEnd = Buffer.alloc(2 * tarBlockBytes);

const typeFlags = { file: '0', link: '1', symlink: '2', directory: '5', pax: 'x' } as const;
const nameBytes = 100;
/** Up to the end of magic and version; the rest of the block is zero, and adds nothing. */
const usedBytes = 265;
const largestId = 0o7777777;
const largestSize = 0o77777777777;
const largestTime = 0o77777777777n;
const second = 1_000_000_000n;

/** How many zero bytes fill up the last block of so many bytes. */
export function tarPadding(sizeBytes: number): number {
  return (tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes;
}

/** The blocks that go before an entry's content. */
export function tarHeader(header: TarHeader): Buffer {
  const records = Buffer.concat(paxRecords(header));
  return Buffer.concat([
    block({ ...header, path: Buffer.from('PaxHeader') }, 'pax', records.length),
    records,
    Buffer.alloc(tarPadding(records.length)),
    block(header, header.type, header.sizeBytes),
  ]);
}

function paxRecords(header: TarHeader): Buffer[] {
  const { path, linkPath, uid, gid, sizeBytes, mtimeNs } = header;
  const long = path.length > nameBytes;
  const longLink = linkPath !== undefined && linkPath.length > nameBytes;
  const text = (value: Buffer | undefined) => value === undefined || isUtf8(value);
  const records: Buffer[] = [];
  if ((long && !text(path)) || (longLink && !text(linkPath)))
    records.push(paxRecord('hdrcharset', Buffer.from('BINARY')));
  if (long) records.push(paxRecord('path', path));
  if (longLink) records.push(paxRecord('linkpath', linkPath));
  if (uid > largestId) records.push(paxRecord('uid', Buffer.from(String(uid))));
  if (gid > largestId) records.push(paxRecord('gid', Buffer.from(String(gid))));
  if (sizeBytes > largestSize) records.push(paxRecord('size', Buffer.from(String(sizeBytes))));
  records.push(paxRecord('mtime', Buffer.from(paxTime(mtimeNs))));
  return records;
}

/** `<length> <keyword>=<value>\n`, the length counting itself. */
function paxRecord(keyword: string, value: Buffer): Buffer {
  const rest = keyword.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length = rest + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${keyword}=`), value, Buffer.from('\n')]);
}

function paxTime(timeNs: bigint): string {
  const [sign, size] = timeNs < 0n ? ['-', -timeNs] : ['', timeNs];
  return `${sign}${size / second}.${String(size % second).padStart(9, '0')}`;
}

function block(header: TarHeader, type: keyof typeof typeFlags, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(tarBlockBytes);
  const octal = (value: number | bigint, at: number, digits: number) =>
    bytes.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  const fitting = (value: number, largest: number) => (value > largest ? 0 : value);
  const seconds = header.mtimeNs / second;
  header.path.copy(bytes, 0, 0, nameBytes);
  octal(header.mode, 100, 7);
  octal(fitting(header.uid, largestId), 108, 7);
  octal(fitting(header.gid, largestId), 116, 7);
  octal(fitting(sizeBytes, largestSize), 124, 11);
  octal(seconds < 0n || seconds > largestTime ? 0n : seconds, 136, 11);
  bytes.fill(' ', 148, 156);
  bytes.write(typeFlags[type], 156, 'latin1');
  header.linkPath?.copy(bytes, 157, 0, nameBytes);
  bytes.write('ustar\u000000', 257, 'latin1');
  let checksum = 0;
  for (let at = 0; at < usedBytes; at++) checksum += bytes[at] ?? 0;
  bytes.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}
