import { HoldfastError } from '../errors/holdfast-error.ts';

const token = /"(?:[^"\\]|\\.)*"|[-+.\w]+|[{}[\]:,]|\s+/gsy;

export interface JsonMask {
  /** For every scalar but null below a key; undefined where there is no rule for that key. */
  readonly field: (key: string) => ((text: string) => string | undefined) | undefined;
  /** For all other texts. */
  readonly other: (text: string) => string;
}

interface Frame {
  readonly isObject: boolean;
  /** The rule that holds for everything below. */
  readonly rule: ((text: string) => string | undefined) | undefined;
  /** Of an object: the rule of the key that stands before the next value. */
  next: ((text: string) => string | undefined) | undefined;
  expectsKey: boolean;
}

/**
 * Rewrites the scalars of a JSON document and leaves every other character as it is, so that numbers
 * keep their digits and keys their order. What is masked becomes a string.
 */
export function maskJson(json: string, mask: JsonMask): string {
  const stack: Frame[] = [];
  let result = '';
  let at = 0;
  for (const [text] of json.matchAll(token)) {
    at += text.length;
    result += step(text, stack, mask);
  }
  if (at !== json.length || stack.length > 0)
    throw new HoldfastError('mask-failed', 'a JSON document has not its form');
  return result;
}

function step(text: string, stack: Frame[], mask: JsonMask): string {
  const frame = stack.at(-1);
  const first = text.charAt(0);
  if (first === '{' || first === '[') {
    const rule = ruleFor(frame);
    stack.push({ isObject: first === '{', rule, next: undefined, expectsKey: first === '{' });
  } else if (first === '}' || first === ']') stack.pop();
  else if (first === ',' && frame) frame.expectsKey = frame.isObject;
  else if (first === ':' || first.trim() === '') return text;
  else if (frame?.expectsKey) {
    frame.next = mask.field(String(JSON.parse(text)));
    frame.expectsKey = false;
  } else return scalar(text, ruleFor(frame), mask);
  return text;
}

function ruleFor(frame: Frame | undefined): Frame['rule'] {
  return frame?.rule ?? (frame?.isObject ? frame.next : undefined);
}

function scalar(text: string, rule: Frame['rule'], mask: JsonMask): string {
  if (text === 'null') return text;
  const isString = text.startsWith('"');
  if (!rule && !isString) return text;
  const value = isString ? String(JSON.parse(text)) : text;
  const masked = rule ? rule(value) : mask.other(value);
  if (masked === undefined) return 'null';
  return masked === value ? text : JSON.stringify(masked);
}
