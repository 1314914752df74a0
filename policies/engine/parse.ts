import { type Expression, type ForExpression, splatElement } from './expression.ts';

/** The text is not an expression or template of Terraform's language, or one that is not supported. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

const binaryOperators = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '%'],
] as const;
const identifier = /[\p{ID_Start}_][\p{ID_Continue}_-]*/uy;
const number = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const space = /(?:\s|#[^\n]*|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
};
const constants: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/**
 * Parses a template: text with `${…}` parts, as every string of Terraform's JSON syntax is.
 * A string that is nothing but one part is that part's expression, so that its type survives.
 *
 * @throws {ExpressionError} for `%{…}` directives, which are not supported, and for malformed text
 */
export function parseTemplate(text: string): Expression {
  const parser = new Parser(text);
  const template = parser.template(undefined);
  const [only] = template.parts;
  return template.parts.length === 1 && only ? only : template;
}

/** Recursive descent without a token list: expressions are short. */
class Parser {
  private at = 0;
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Reads up to `end`, or up to the end of the text. Inside quotes backslashes escape. */
  template(end: '"' | undefined): Expression & { kind: 'template' } {
    const parts: Expression[] = [];
    let literal = '';
    while (this.text[this.at] !== end) {
      const next = this.text.slice(this.at, this.at + 3);
      if (next === '') throw this.problem('unterminated string');
      if (next === '$${' || next === '%%{') {
        literal += next.slice(1);
        this.at += 3;
      } else if (next.startsWith('${')) {
        if (literal !== '') parts.push({ kind: 'literal', value: literal });
        literal = '';
        parts.push(this.interpolation());
      } else if (next.startsWith('%{')) {
        throw this.problem('template directives are not supported');
      } else literal += end ? this.quotedCharacter() : this.character();
    }
    if (literal !== '' || parts.length === 0) parts.push({ kind: 'literal', value: literal });
    return { kind: 'template', parts };
  }

  private interpolation(): Expression {
    this.at += 2;
    this.take('~');
    const inner = this.expression();
    this.take('~');
    this.expect('}');
    return inner;
  }

  private character(): string {
    return this.text[this.at++] ?? '';
  }

  private quotedCharacter(): string {
    const character = this.character();
    if (character !== '\\') return character;
    const code = this.character();
    if (code === 'u' || code === 'U') {
      const digits = this.text.slice(this.at, this.at + (code === 'u' ? 4 : 8));
      this.at += digits.length;
      return String.fromCodePoint(Number.parseInt(digits, 16));
    }
    const escaped = escapes[code];
    if (escaped === undefined) throw this.problem(`unknown escape \\${code}`);
    return escaped;
  }

  private expression(): Expression {
    const test = this.binary(0);
    if (!this.take('?')) return test;
    const whenTrue = this.expression();
    this.expect(':');
    return { kind: 'conditional', test, whenTrue, whenFalse: this.expression() };
  }

  private binary(level: number): Expression {
    const operators = binaryOperators[level];
    if (!operators) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const operator = operators.find((candidate) => this.take(candidate));
      if (operator === undefined) return left;
      left = { kind: 'binary', operator, left, right: this.binary(level + 1) };
    }
  }

  private unary(): Expression {
    const operator = ['!', '-'].find((candidate) => this.take(candidate));
    return operator === undefined
      ? this.postfix(this.primary())
      : { kind: 'unary', operator, of: this.unary() };
  }

  private postfix(start: Expression): Expression {
    let of = start;
    for (;;) {
      if (this.text.startsWith('...', this.at)) return of;
      if (this.take('.')) {
        if (this.take('*'))
          return { kind: 'splat', of, each: this.postfix({ kind: 'name', name: splatElement }) };
        of = { kind: 'index', of, key: this.attributeName() };
      } else if (this.take('[')) {
        if (this.take('*')) {
          this.expect(']');
          return { kind: 'splat', of, each: this.postfix({ kind: 'name', name: splatElement }) };
        }
        of = { kind: 'index', of, key: this.expression() };
        this.expect(']');
      } else return of;
    }
  }

  private attributeName(): Expression {
    const digits = this.match(/\d+/y);
    if (digits !== undefined) return { kind: 'literal', value: Number(digits) };
    return { kind: 'literal', value: this.name() };
  }

  private primary(): Expression {
    if (this.take('"')) return this.quoted();
    if (this.take('(')) {
      const inner = this.expression();
      this.expect(')');
      return inner;
    }
    if (this.take('[')) return this.isFor() ? this.forExpression(']') : this.list();
    if (this.take('{')) return this.isFor() ? this.forExpression('}') : this.object();
    const digits = this.match(number);
    if (digits !== undefined) return { kind: 'literal', value: Number(digits) };
    const name = this.name();
    const constant = constants.get(name);
    if (constant !== undefined) return { kind: 'literal', value: constant };
    return this.take('(') ? this.call(name) : { kind: 'name', name };
  }

  private quoted(): Expression {
    const template = this.template('"');
    this.at += 1;
    const [only] = template.parts;
    return template.parts.length === 1 && only?.kind === 'literal' ? only : template;
  }

  private call(name: string): Expression {
    const args: Expression[] = [];
    let spread = false;
    while (!this.take(')')) {
      args.push(this.expression());
      spread = this.take('...');
      if (!this.take(',')) {
        this.expect(')');
        break;
      }
    }
    return { kind: 'call', name, args, spread };
  }

  private list(): Expression {
    const items: Expression[] = [];
    while (!this.take(']')) {
      items.push(this.expression());
      if (!this.take(',')) {
        this.expect(']');
        break;
      }
    }
    return { kind: 'list', items };
  }

  private object(): Expression {
    const entries: (readonly [Expression, Expression])[] = [];
    while (!this.take('}')) {
      const key = this.objectKey();
      if (!this.take('=')) this.expect(':');
      entries.push([key, this.expression()]);
      this.take(',');
    }
    return { kind: 'object', entries };
  }

  /** A bare word is the key itself; a variable as key stands in parentheses. */
  private objectKey(): Expression {
    const key = this.expression();
    return key.kind === 'name' ? { kind: 'literal', value: key.name } : key;
  }

  private isFor(): boolean {
    this.skipSpace();
    return /^for\s/.test(this.text.slice(this.at, this.at + 4));
  }

  private forExpression(end: ']' | '}'): ForExpression {
    this.name();
    const names = [this.name()];
    if (this.take(',')) names.push(this.name());
    if (this.name() !== 'in') throw this.problem('expected `in`');
    const over = this.expression();
    this.expect(':');
    const first = this.expression();
    const value = end === '}' && this.take('=>') ? this.expression() : undefined;
    const grouped = this.take('...');
    const where = this.match(/if(?=\s)/y) === undefined ? undefined : this.expression();
    this.expect(end);
    return {
      kind: 'for',
      names,
      over,
      value: value ?? first,
      grouped,
      ...(value && { key: first }),
      ...(where && { where }),
    };
  }

  private name(): string {
    const found = this.match(identifier);
    if (found === undefined) throw this.problem('expected a name');
    return found;
  }

  private match(pattern: RegExp): string | undefined {
    this.skipSpace();
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  private skipSpace(): void {
    space.lastIndex = this.at;
    this.at += space.exec(this.text)?.[0].length ?? 0;
  }

  private take(token: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(token, this.at)) return false;
    if (token === '=' && /^=[>=]/.test(this.text.slice(this.at))) return false;
    if (token === '!' && this.text.startsWith('!=', this.at)) return false;
    this.at += token.length;
    return true;
  }

  private expect(token: string): void {
    if (!this.take(token)) throw this.problem(`expected \`${token}\``);
  }

  private problem(what: string): ExpressionError {
    return new ExpressionError(`${what} at offset ${this.at}`);
  }
}
