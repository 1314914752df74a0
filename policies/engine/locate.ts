/** The line (from 1) on which a resource's block starts in Terraform JSON; undefined when not found. */
export function lineOf(text: string, address: string): number | undefined {
  const local = address.slice(address.indexOf('/') + 1);
  const match = /^(data\.)?([\w-]+)\.([\w-]+)/.exec(local);
  if (!match) return undefined;
  const [, data, type = '', name = ''] = match;
  const section = text.indexOf(data ? '"data"' : '"resource"');
  const start = section < 0 ? -1 : text.indexOf(`"${type}"`, section);
  const found = start < 0 ? -1 : text.indexOf(`"${name}"`, start + type.length);
  return found < 0 ? undefined : text.slice(0, found).split('\n').length;
}
