import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { address, html, join, trusted } from '../../pages/html.ts';
import { link } from '../../pages/page.ts';

function unescape(text: string): string {
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' };
  return text.replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => entities[name] ?? '');
}

describe('markup', () => {
  test('no text becomes an element or leaves its attribute, and all of it is there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const { markup } = html`<p title="${text}">${text}</p>`;
        const [, title, content] = /^<p title="([^"<>]*)">([^<>]*)<\/p>$/.exec(markup) ?? [];
        // oxlint-disable-next-line eslint/no-control-regex
        const shown = text.replaceAll(/[\0-\u0008\u000B\u000C\u000E-\u001F\u007F]/g, '\uFFFD');
        assert.equal(unescape(title ?? ''), shown);
        assert.equal(unescape(content ?? ''), shown);
      }),
    );
  });
  test('markup goes into markup as it is, lists one after another, nothing for undefined and false', () => {
    const items = ['a', 'b<'].map((item) => html`<li>${item}</li>`);
    const { markup } = html`<b>${items}${undefined}${false}${0}</b>`;
    assert.equal(markup, '<b><li>a</li><li>b&lt;</li>0</b>');
    assert.equal(join(['a', '&'], html`<i>,</i>`).markup, 'a<i>,</i>&amp;');
  });
  test('an object that only looks like markup is refused', () => {
    const forged = { markup: '<script>' } as unknown as string;
    assert.throws(() => html`<p>${forged}</p>`, TypeError);
  });
  test('a value in a tag must stand in a quoted attribute', () => {
    // By another name the formatter does not quote them itself.
    const template = html;
    const value = 'x onclick=alert(1)';
    assert.throws(() => template`<a href=${value}>x</a>`, /quoted attribute/);
    assert.throws(() => template`<a href='${value}'>x</a>`, /quoted attribute/);
    assert.throws(() => template`<a ${value}>x</a>`, /quoted attribute/);
    assert.throws(() => template`<a title=">" ${value}>x</a>`, /quoted attribute/);
    assert.equal(template`<a title="1 > 0">${'"'}</a>`.markup, '<a title="1 > 0">&quot;</a>');
    assert.equal(template`${trusted('<svg>')}${value}`.markup, `<svg>${value}`);
  });
  test('links lead to the web or within the page, never into a script', () => {
    for (const url of ['#en-jobs', 'drills/1.json', 'https://example.org/?a=1'])
      assert.equal(address(url), url);
    for (const url of ['javascript:alert(1)', ' JavaScript:x', 'data:text/html,x', 'file:///etc'])
      assert.throws(() => link(url, 'x'), TypeError);
  });
});
