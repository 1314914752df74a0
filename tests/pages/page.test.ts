import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { banner, definitions, facts, list, time } from '../../pages/blocks.ts';
import { figure } from '../../pages/figure.ts';
import { html, trusted } from '../../pages/html.ts';
import { catalogue, languages, type Language } from '../../pages/language.ts';
import { mark, tones } from '../../pages/mark.ts';
import { link, renderPage, type Edition } from '../../pages/page.ts';
import { table } from '../../pages/table.ts';
import {
  accessibilityFindings,
  needingBrowser,
  openFile,
  sidewaysPixels,
  startBrowser,
} from '../support/browser.ts';

const texts = catalogue({
  en: { title: 'Status', states: 'States', numbers: 'Numbers', rows: (n: number) => `${n} rows` },
  zh: { title: '状态', states: '各种状态', numbers: '数据', rows: (n: number) => `${n} 行` },
});

const longName = 'a-backup-job-with-a-name-that-no-line-of-a-telephone-could-ever-hold-unbroken';

/** A page with one of everything. */
function edition(language: Language): Edition {
  const { title, states, numbers, rows } = texts[language];
  return {
    language,
    title,
    lead: banner('warning', html`1 < 2 & "all" is <em>well</em>`, [longName]),
    sections: [
      {
        id: 'states',
        title: states,
        content: [list(tones.map((tone) => mark(tone, tone))), link('https://example.org/', 'x')],
      },
      {
        id: 'numbers',
        title: numbers,
        content: [
          facts([
            ['A', '1 GiB'],
            ['B', time('2026-11-22T21:05:00Z', '2026-11-22 21:05 UTC')],
          ]),
          definitions([['Key', html`<code>${'ab12'.repeat(40)}</code>`]]),
          figure({
            title: numbers,
            description: rows(1),
            drawing: trusted(
              '<svg viewBox="0 0 300 20"><path stroke="var(--line-1)" d="M0 10h300"/></svg>',
            ),
            details: { summary: rows(2), content: 'the numbers' },
          }),
          table({
            caption: rows(2),
            columns: [{ title: 'Job' }, { title: 'Bytes', numeric: true }, { title: 'State' }],
            rows: [
              [longName, '12,345', mark('good', 'met')],
              ['b', '1', '<script>document.title="run"</script>'],
            ],
          }),
        ],
      },
    ],
    foot: 'Made by a test.',
  };
}

const markup = renderPage([edition('en'), edition('zh')]);

describe('a page in a browser', needingBrowser, () => {
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());

  for (const view of [{}, { width: 400, dark: true, hash: '#zh' }])
    test(`is accessible, silent and not too wide: ${JSON.stringify(view)}`, async () => {
      await using opened = await openFile(browser, markup, view);
      assert.deepEqual(await accessibilityFindings(opened.page), []);
      assert.deepEqual(opened.complaints, []);
      assert.deepEqual(opened.requests, []);
      assert.equal(await sidewaysPixels(opened.page), 0);
      assert.equal(await opened.page.title(), 'Status · 状态');
    });

  test('shows one language, and the other at a click or a link into it, without script', async () => {
    await using opened = await openFile(browser, markup);
    const { page } = opened;
    const shown = async () => {
      const visible = await Promise.all(languages.map((id) => page.locator(`#${id}`).isVisible()));
      return languages.filter((_, index) => visible[index]);
    };
    assert.deepEqual(await shown(), ['en']);
    await page.getByRole('link', { name: '中文' }).click();
    assert.deepEqual(await shown(), ['zh']);
    await page.getByRole('link', { name: '数据' }).click();
    assert.deepEqual(await shown(), ['zh']);
    await page.getByRole('link', { name: 'English' }).click();
    assert.deepEqual(await shown(), ['en']);
    assert.equal(await page.locator('#zh').getAttribute('lang'), 'zh-CN');
  });

  test('the first key leads to a link that skips to the content', async () => {
    await using opened = await openFile(browser, markup);
    await opened.page.keyboard.press('Tab');
    assert.equal(await opened.page.locator(':focus').textContent(), 'Skip to the content');
    await opened.page.keyboard.press('Enter');
    assert.equal(await opened.page.locator(':focus').getAttribute('id'), 'en-main');
  });

  test('on paper every fold is open, and nothing is only for clicking', async () => {
    await using opened = await openFile(browser, markup, { print: true, width: 700 });
    const { page } = opened;
    assert.ok(await page.locator('#en').getByText('the numbers').isVisible());
    assert.equal(await page.locator('#en nav').first().isVisible(), false);
    assert.equal(await sidewaysPixels(page), 0);
  });

  test('a table stays one for screen readers when its rows become blocks', async () => {
    await using opened = await openFile(browser, markup, { width: 400 });
    const tree = await opened.page.locator('#en table').ariaSnapshot();
    assert.match(tree, /table "2 rows"/);
    assert.match(tree, /columnheader "Bytes"/);
    assert.match(tree, /rowheader "a-backup-job/);
  });

  test('its policy refuses scripts and requests that get into it all the same', async () => {
    const injected = markup.replace(
      '</body>',
      '<script>document.title="run"</script><img src="http://127.0.0.1:9/x"></body>',
    );
    await using opened = await openFile(browser, injected);
    assert.equal(await opened.page.title(), 'Status · 状态');
    assert.equal(opened.complaints.length, 2);
    assert.ok(opened.complaints.every((text) => text.includes('Content Security Policy')));
  });
});
