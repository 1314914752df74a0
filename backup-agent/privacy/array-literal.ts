import { HoldfastError } from '../errors/holdfast-error.ts';

/** An element that stands in quotes, one that does not, or anything between elements. */
const token = /"((?:[^"\\]|\\[^])*)"|([^{},"]+)|[^]/gy;

/**
 * Rewrites every element of an array in PostgreSQL's text form, whatever its dimensions (manual,
 * "Arrays", "Array Input and Output Syntax"); NULL elements stay. `undefined` makes an element NULL.
 */
export function mapArray(literal: string, change: (element: string) => string | undefined): string {
  // Bounds other than 1 stand before the elements: [0:2]={…}
  const body = /^(?:\[[^=]*=)?(?=\{)/.exec(literal)?.[0].length;
  if (body === undefined) throw new HoldfastError('mask-failed', 'an array has not its form');
  let result = literal.slice(0, body);
  for (const [text, quoted, bare] of literal.slice(body).matchAll(token)) {
    if (quoted !== undefined) result += element(change(quoted.replaceAll(/\\([^])/g, '$1')));
    else if (bare !== undefined && bare.toUpperCase() !== 'NULL') result += element(change(bare));
    else result += text;
  }
  return result;
}

/** Quoted where PostgreSQL quotes it, so that it reads the same when it comes back. */
function element(text: string | undefined): string {
  if (text === undefined) return 'NULL';
  const plain = /^[^{},"\\\s]+$/u.test(text) && text.toUpperCase() !== 'NULL';
  return plain ? text : `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
