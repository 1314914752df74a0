import assert from 'node:assert/strict';
import { wildcard } from './wildcard.ts';

/**
 * Judges log events by the JSON filter patterns of CloudWatch Logs, as documented in "Filter pattern syntax
 * for metric filters":
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
 *
 * Stricter than AWS where the documentation leaves a question open: an `!=` on what is not there, and `&&`
 * beside `||` without parentheses, throw. Regular expressions are not known.
 */
export function matchesFilter(pattern: string, event: unknown): boolean {
  const tokens = tokensOf(pattern);
  assert.equal(tokens.shift(), '{', pattern);
  const parser = new Parser(tokens);
  const judge = parser.either();
  assert.equal(parser.next(), '}', `${pattern} ends early`);
  assert.equal(parser.peek(), undefined, `${pattern} goes on after its end`);
  return judge(event);
}

type Judge = (event: unknown) => boolean;

const token = /\s*(&&|\|\||[{}()]|!=|<=|>=|[=<>]|"[^"]*"|\$(?:\.\w+|\[\d+\])+|[\w*.-]+)/y;

function tokensOf(pattern: string): string[] {
  // CloudWatch Logs takes no longer one.
  assert.ok(pattern.length <= 1024, `${pattern.length} characters`);
  const text = pattern.trimEnd();
  const tokens: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    assert.ok(match?.[1], `no token at ${text.slice(at, at + 20)}`);
    tokens.push(match[1]);
  }
  return tokens;
}

class Parser {
  readonly #tokens: string[];

  constructor(tokens: string[]) {
    this.#tokens = tokens;
  }

  peek(): string | undefined {
    return this.#tokens[0];
  }

  next(): string {
    const taken = this.#tokens.shift();
    assert.ok(taken, 'the pattern ends early');
    return taken;
  }

  /** Terms joined by one operator. */
  either(): Judge {
    const terms = [this.#term()];
    const operator = this.peek();
    while (this.peek() === '&&' || this.peek() === '||') {
      assert.equal(this.next(), operator, '&& and || stand together without parentheses');
      terms.push(this.#term());
    }
    return operator === '&&'
      ? (event) => terms.every((term) => term(event))
      : (event) => terms.some((term) => term(event));
  }

  #term(): Judge {
    if (this.peek() === '(') {
      this.next();
      const judge = this.either();
      assert.equal(this.next(), ')');
      return judge;
    }
    const selector = this.next();
    assert.match(selector, /^\$/, `${selector} is no selector`);
    const value = (event: unknown) => select(event, selector);
    const operator = this.next();
    if (operator === 'NOT') {
      assert.equal(this.next(), 'EXISTS');
      return (event) => value(event) === undefined;
    }
    if (operator === 'IS') return this.#is(value);
    return comparison(value, operator, this.next());
  }

  #is(value: (event: unknown) => unknown): Judge {
    const wanted = { NULL: null, TRUE: true, FALSE: false }[this.next()];
    assert.notEqual(wanted, undefined);
    return (event) => value(event) === wanted;
  }
}

function select(event: unknown, selector: string): unknown {
  const steps = selector.matchAll(/\.(\w+)|\[(\d+)\]/g);
  return [...steps].reduce<unknown>(
    (at, [, name, index]) =>
      typeof at === 'object' && at !== null
        ? (at as Record<string, unknown>)[name ?? index ?? '']
        : undefined,
    event,
  );
}

function comparison(value: (event: unknown) => unknown, operator: string, term: string): Judge {
  const text = term.replaceAll('"', '');
  const isNumber = /^-?\d+(\.\d+)?$/.test(term);
  const equal = (found: unknown) =>
    isNumber ? found === Number(text) : typeof found === 'string' && wildcard(text).test(found);
  if (operator === '=') return (event) => equal(value(event));
  if (operator === '!=')
    return (event) => {
      const found = value(event);
      assert.notEqual(found, undefined, `!= ${term} on what is not there`);
      return !equal(found);
    };
  const compare = orders[operator];
  assert.ok(compare && isNumber, `${operator} ${term}`);
  return (event) => {
    const found = value(event);
    return typeof found === 'number' && compare(found, Number(text));
  };
}

const orders: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};
