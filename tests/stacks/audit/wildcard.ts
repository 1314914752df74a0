/** A text in which `*` stands for any characters; upper and lower case differ. */
export function wildcard(text: string): RegExp {
  const literal = text.split('*').map((part) => RegExp.escape(part));
  return new RegExp(`^${literal.join('.*')}$`, 's');
}
