import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import * as fc from 'fast-check';
import {
  hasNoAttributes,
  loadSystemCalls,
} from '../../../backup-agent/sources/files/attributes/system-calls.ts';

const system = await loadSystemCalls();

/** Only root reads and writes its files whatever their mode says; a later edit must be able to. */
const ownerRights = process.getuid?.() === 0 ? 0o400 : 0o600;

/** Names that have broken programs before. */
const names = [
  'a',
  'A',
  'b.txt',
  'with space',
  'quote\'"`$(x)',
  'line\nbreak\ttab',
  '\u{1f4be} émoji e\u0301',
  '-rf',
  '...',
  'back\\slash',
  '{"b":"x"}',
  'n'.repeat(120),
  '語'.repeat(80),
].map((name) => Buffer.from(name));
names.push(Buffer.from([0xff, 0xfe, 0x41]), Buffer.from([0x61, 0xc3, 0x28]));

export const edit = fc.record({
  action: fc.constantFrom(
    'create',
    'create',
    'create',
    'makeDirectory',
    'makeDirectory',
    'append',
    'truncate',
    'rename',
    'remove',
    'chmod',
    'link',
    'symlink',
    'overwrite',
    'copy',
    'touch',
    'attribute',
  ),
  name: fc.constantFrom(...names),
  /** Picks among what is there. */
  pick: fc.nat(1000),
  other: fc.nat(1000),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.nat(5000).map((count) => new Uint8Array(count).fill(count % 251)),
  ),
});
export type Edit = typeof edit extends fc.Arbitrary<infer T> ? T : never;

/** Applies an edit to the tree; one that makes no sense there does nothing. */
export function apply(root: string, { action, name, pick, other, bytes }: Edit): void {
  const all = list(Buffer.from(root));
  const directories = all.filter((path) => lstatSync(path).isDirectory());
  const files = all.filter((path) => lstatSync(path).isFile());
  const directory = directories[pick % directories.length];
  const file = files[pick % files.length];
  const any = all[1 + (pick % (all.length - 1))];
  if (!directory) return;
  const fresh = Buffer.concat([directory, Buffer.from('/'), name]);
  const free = !lstatSync(fresh, { throwIfNoEntry: false });
  if (action === 'create' && free) writeFileSync(fresh, bytes);
  else if (action === 'makeDirectory' && free) mkdirSync(fresh);
  else if (action === 'symlink' && free)
    symlinkSync(pick % 2 ? '../outside/nowhere' : Buffer.from([0xfe, 0x2f, 0x61]), fresh);
  else if (action === 'remove' && any) rmSync(any, { recursive: true });
  else if (action === 'rename' && any && free && !fresh.subarray(0, any.length).equals(any))
    renameSync(any, fresh);
  else if (action === 'touch' && any) lutimesSync(any, 1e9 + other, 1e9 + other);
  else if (action === 'attribute' && any && !lstatSync(any).isSymbolicLink())
    setAttribute(any, `user.${pick % 3}`, bytes.subarray(0, 1000));
  if (!file) return;
  if (action === 'append') appendFileSync(file, bytes);
  else if (action === 'truncate') truncateSync(file, other);
  else if (action === 'overwrite') writeFileSync(file, bytes, { flag: 'r+' });
  else if (action === 'chmod') chmodSync(file, ownerRights | (other % 0o1000));
  else if (action === 'link' && free) linkSync(file, fresh);
  else if (action === 'copy' && free) copyFileSync(file, fresh);
}

/** Not every file system has attributes, nor room for all. */
function setAttribute(path: Buffer, name: string, value: Uint8Array): void {
  try {
    system?.setAttribute(path, Buffer.from(name), Buffer.from(value));
  } catch (error) {
    if (!hasNoAttributes(error)) throw error;
  }
}

/** Every path of the tree, the root first. */
function list(path: Buffer): Buffer[] {
  if (!lstatSync(path).isDirectory()) return [path];
  const children = readdirSync(path, { encoding: 'buffer' }).sort((a, b) => Buffer.compare(a, b));
  return [path, ...children.flatMap((name) => list(Buffer.concat([path, Buffer.from('/'), name])))];
}
