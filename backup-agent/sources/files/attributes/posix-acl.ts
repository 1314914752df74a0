/**
 * POSIX ACLs as Linux keeps them in extended attributes (linux/posix_acl_xattr.h): a version, then
 * entries of tag, permissions and id, little-endian.
 */
export const accessAcl = 'system.posix_acl_access';
export const defaultAcl = 'system.posix_acl_default';

const version = 2;
const headerBytes = 4;
const entryBytes = 8;

const tags: Readonly<Record<number, string>> = {
  0x01: 'user',
  0x02: 'user',
  0x04: 'group',
  0x08: 'group',
  0x10: 'mask',
  0x20: 'other',
};
const named = new Set([0x02, 0x08]);
const owningGroup = 0x04;
const mask = 0x10;

interface AclEntry {
  readonly tag: number;
  /** Read 4, write 2, execute 1. */
  readonly permissions: number;
  readonly id: number;
}

/** Undefined for what is no ACL of this form. */
function parse(value: Buffer): AclEntry[] | undefined {
  const isWhole = value.length >= headerBytes && (value.length - headerBytes) % entryBytes === 0;
  if (!isWhole || value.readUInt32LE(0) !== version) return undefined;
  const entries: AclEntry[] = [];
  for (let at = headerBytes; at < value.length; at += entryBytes) {
    const tag = value.readUInt16LE(at);
    if (!tags[tag]) return undefined;
    entries.push({ tag, permissions: value.readUInt16LE(at + 2), id: value.readUInt32LE(at + 4) });
  }
  return entries;
}

/** The text form (acl(5)), by numbers, which is what tar's `SCHILY.acl.*` records hold. */
export function aclText(value: Buffer): string | undefined {
  return parse(value)
    ?.map(({ tag, permissions, id }) => {
      const letters = ['r', 'w', 'x'].map((letter, bit) =>
        permissions & (4 >> bit) ? letter : '-',
      );
      return `${tags[tag]}:${named.has(tag) ? id : ''}:${letters.join('')}`;
    })
    .join(',');
}

/**
 * The mode to set where the ACL cannot be: with one, the mode's group bits are its mask, which
 * would give the owning group what the ACL denies it.
 */
export function modeWithoutAcl(mode: number, acl: Buffer): number {
  const entries = parse(acl) ?? [];
  const permissionsOf = (wanted: number) => entries.find(({ tag }) => tag === wanted)?.permissions;
  const group = (permissionsOf(owningGroup) ?? 0) & (permissionsOf(mask) ?? 7);
  return (mode & ~0o070) | (group << 3);
}
