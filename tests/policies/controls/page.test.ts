import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ControlsReport } from '../../../contracts/controls-report.ts';
import { compliancePage } from '../../../policies/controls/page/compliance-page.ts';
import {
  accessibilityFindings,
  needingBrowser,
  openFile,
  sidewaysPixels,
  startBrowser,
} from '../../support/browser.ts';
import { compiled, healthyInputs } from './world.ts';

/** Everything that can go wrong at once: a failing rule, an old drill, attestations that ran out. */
const bad = { rotation: false, drilledDaysAgo: 61, attestedOn: '2025-06-01', due: '2026-06-01' };

/** One of everything: the whole page has as many elements as keep a browser busy for a minute. */
function excerpt(report: ControlsReport): ControlsReport {
  const shown = new Set([
    'key-management',
    'restore-drills',
    'erasure',
    'training',
    'data-centres',
    'vpn',
  ]);
  const controls = report.controls.filter(({ id }) => shown.has(id));
  const wanted = new Set(['Art. 3', 'Art. 17', 'Art. 30', 'Art. 32']);
  const frameworks = report.frameworks.map((framework) => ({
    ...framework,
    requirements: framework.requirements
      .filter(({ id }) => wanted.has(id))
      .map((one) => ({ ...one, controls: one.controls.filter((id) => shown.has(id)) })),
  }));
  const themes = report.themes.filter(({ id }) => controls.some(({ theme }) => theme === id));
  const problems = [{ where: 'primary: commit 3', what: 'is missing' }];
  return { ...report, controls, frameworks, themes, problems };
}

describe('the compliance page', needingBrowser, () => {
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  let markup: string;
  before(async () => {
    browser = await startBrowser();
    markup = compliancePage(
      excerpt(await compiled({ ...(await healthyInputs(bad)), frameworks: ['gdpr'] })),
    );
  });
  after(() => browser.close());

  for (const view of [{}, { hash: '#zh', width: 400, dark: true }])
    test(`is accessible, silent, fetches nothing and fits: ${JSON.stringify(view)}`, async () => {
      await using opened = await openFile(browser, markup, view);
      assert.deepEqual(await accessibilityFindings(opened.page), []);
      assert.deepEqual(opened.complaints, []);
      assert.deepEqual(opened.requests, []);
      assert.equal(await sidewaysPixels(opened.page), 0);
    });

  test('says in English which controls do not hold, and why', async () => {
    await using opened = await openFile(browser, markup);
    const attention = await opened.page.locator('#en-attention').innerText();
    assert.match(attention, /Symmetric keys rotate.*: fails at aws_kms_key\.data/);
    assert.match(
      attention,
      /Restore drills: crm-database: the newest passed drill is of 2026-09-28/,
    );
    assert.match(
      attention,
      /Training record: security attested it on 2025-06-01; it was due again by/,
    );
    assert.match(
      await opened.page.locator('#en .banner').innerText(),
      /controls that apply do not hold/,
    );
  });

  test('says the same in Chinese', async () => {
    await using opened = await openFile(browser, markup, { hash: '#zh' });
    const attention = await opened.page.locator('#zh-attention').innerText();
    assert.match(attention, /对称密钥至少每年轮换：不符合：aws_kms_key\.data/);
    assert.match(attention, /恢复演练：crm-database：最近的通过的演练为 2026-09-28，已超过 8 天/);
    assert.match(attention, /培训记录：security 于 2025-06-01 证明；应于 2026-06-01 前更新/);
  });

  test('leads from a requirement to its controls, and from there to what they rest on', async () => {
    await using opened = await openFile(browser, markup);
    const { page } = opened;
    await page.locator('#en-frameworks').getByText('All requirements').first().click();
    const row = page.locator('#en-frameworks tr').filter({ hasText: 'Right to erasure' });
    assert.match(await row.innerText(), /overdue|partly/);
    await row.getByRole('link', { name: 'A person who was erased stays erased' }).click();
    assert.match(page.url(), /#en-control-erasure$/);
    const block = page.locator('#en-control-erasure ~ details').first();
    await block.locator('summary').click();
    assert.match(await block.innerText(), /drill\s+evidence/);
  });

  test('on paper everything is there', async () => {
    await using opened = await openFile(browser, markup, { print: true, width: 700 });
    assert.ok(await opened.page.locator('#en').getByText('kms-rotation').first().isVisible());
    assert.equal(await sidewaysPixels(opened.page), 0);
  });
});
