import type { Attribute } from './attribute.ts';
import { accessAcl, aclText, defaultAcl } from './posix-acl.ts';

/** A record of a pax header. */
export interface AttributeRecord {
  readonly keyword: string;
  readonly value: Buffer;
}

const aclKeywords: Readonly<Record<string, string>> = {
  [accessAcl]: 'SCHILY.acl.access',
  [defaultAcl]: 'SCHILY.acl.default',
};

/**
 * As star, GNU tar and bsdtar write and read them: attributes as they are in `SCHILY.xattr.<name>`,
 * with `%` and `=` escaped in the name as GNU tar does, and POSIX ACLs as text. Keywords are latin1.
 */
export function attributeRecords(attributes: readonly Attribute[]): AttributeRecord[] {
  return attributes.map(({ name, value }) => {
    const text = name.toString('latin1');
    const aclKeyword = aclKeywords[text];
    const acl = aclKeyword === undefined ? undefined : aclText(value);
    if (aclKeyword !== undefined && acl !== undefined)
      return { keyword: aclKeyword, value: Buffer.from(acl) };
    const escaped = text.replaceAll('%', '%25').replaceAll('=', '%3D');
    return { keyword: `SCHILY.xattr.${escaped}`, value };
  });
}
