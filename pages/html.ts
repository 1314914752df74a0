const brand: unique symbol = Symbol('html');

/** Markup that is safe to put into a page; only `html` and `trusted` make it. */
export interface Html {
  readonly [brand]: true;
  readonly markup: string;
}

/** What a template takes: text and numbers are escaped, `undefined` and `false` are nothing. */
export type Content = Html | string | number | undefined | false | readonly Content[];

/**
 * A template for markup. Every value is escaped unless it is `Html` itself, so that no text from
 * outside becomes an element or leaves its attribute. Attributes must be quoted; a value in an
 * unquoted one, or inside a tag but outside an attribute, throws.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  const parts = strings.map(withoutIndentation);
  let markup = parts[0] ?? '';
  values.forEach((value, index) => {
    if (!mayFollow(markup))
      throw new TypeError(`a value in a tag must be a quoted attribute: ${strings.raw.join('…')}`);
    markup += render(value) + (parts[index + 1] ?? '');
  });
  return { [brand]: true, markup };
}

/**
 * Markup of a library that draws on the server, taken as it is. `tests/architecture.test.ts` lists
 * who may call it.
 */
export function trusted(markup: string): Html {
  return { [brand]: true, markup };
}

/** Everything in `contents`, one after another. */
export function join(contents: readonly Content[], between: Content = ''): Html {
  return trusted(contents.map(render).join(render(between)));
}

/**
 * An address that a link may have: `https:`, `http:`, or a place relative to the page. Anything else,
 * such as `javascript:`, throws a TypeError.
 */
export function address(url: string): string {
  const parsed = new URL(url, 'https://page.invalid/');
  if (parsed.protocol === 'https:' || parsed.protocol === 'http:') return url;
  throw new TypeError(`a page does not link to ${parsed.protocol}`);
}

function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (typeof content === 'string') return escape(content);
  if (typeof content === 'number') return String(content);
  return isHtml(content) ? content.markup : content.map(render).join('');
}

function isHtml(content: Html | readonly Content[]): content is Html {
  return brand in content;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** How the template is laid out in the source is no part of the page. */
function withoutIndentation(part: string): string {
  return part.replaceAll(/\n\s*/g, '\n');
}

/** Control characters that HTML forbids become U+FFFD; the rest is as XML and HTML escape it. */
function escape(text: string): string {
  return (
    text
      .toWellFormed()
      // oxlint-disable-next-line eslint/no-control-regex
      .replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/g, '\uFFFD')
      .replaceAll(/[&<>"']/g, (char) => entities[char] ?? char)
  );
}

/** Inside a tag, a value may only stand between double quotes. */
function mayFollow(before: string): boolean {
  const tag = before.slice(before.lastIndexOf('<'));
  const inTag = /^<[a-z!/]/i.test(tag) && !/^<(?:[^">]|"[^"]*")*>/.test(tag);
  return !inTag || (tag.match(/"/g)?.length ?? 0) % 2 === 1;
}
