import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { renderStatusPage } from '../../backup-agent/report/status-page.ts';
import type { StatusReport } from '../../backup-agent/operations/status-report.ts';
import {
  accessibilityFindings,
  needingBrowser,
  openFile,
  sidewaysPixels,
  startBrowser,
} from '../support/browser.ts';
import { sampleReport } from './sample-report.ts';

const options = { timeZone: 'UTC', language: 'en' } as const;
const halfAnHour = 30 * 60_000;

/** What stands between the tags, for comparing words. */
function wordsOf(page: string): string {
  return page.replaceAll(/<style>.*?<\/style>|<[^>]*>/gs, ' ').replaceAll(/\s+/g, ' ');
}

describe('the status page', () => {
  test('says that all is covered, or what is not and why', async () => {
    const good = wordsOf(await renderStatusPage(sampleReport(), options));
    assert.match(good, /Covered: every job meets its objectives\./);
    assert.match(good, /已受保护：所有作业均达到目标。/);
    const bad = wordsOf(await renderStatusPage(sampleReport(halfAnHour), options));
    assert.match(bad, /Not covered\. crm-database, RPO breached: 1 h of 30 min/);
    assert.match(bad, /未受到充分保护。 crm-database 的恢复点目标（RPO）未达标/);
  });

  test('shows what is hostile as text, in both languages', async () => {
    const name = '"><img src=x onerror=alert(1)>';
    const { jobs, ...rest } = sampleReport();
    const unreadable = jobs.map((job) => ({
      ...job,
      job: name,
      status: {
        ...job.status,
        repositories: [
          {
            repository: name,
            offsite: false,
            unreadable: name,
            backups: 0,
            storedBytes: 0,
            plaintextBytes: 0,
          },
        ],
      },
    }));
    const page = await renderStatusPage({ ...rest, jobs: unreadable }, options);
    assert.doesNotMatch(page, /<img/);
    assert.ok(page.includes('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;'));
  });

  test('is written for a job of which there is nothing yet', async () => {
    const { jobs, ...rest } = sampleReport();
    const [job] = jobs;
    assert.ok(job);
    const { access, ...known } = job;
    assert.ok(access);
    for (const objectives of [{}, { rpo: halfAnHour }]) {
      const configuration = { ...job.configuration, objectives };
      const empty: StatusReport = {
        ...rest,
        jobs: [{ ...known, configuration, repositories: [] }],
      };
      const words = wordsOf(await renderStatusPage(empty, options));
      assert.match(words, /no drill has ever run/);
    }
    assert.match(wordsOf(await renderStatusPage({ ...rest, jobs: [] }, options)), /has no jobs/);
  });

  test('has no English left in its Chinese edition but names', async () => {
    const page = await renderStatusPage(sampleReport(halfAnHour), { ...options, language: 'zh' });
    const edition = page.slice(
      page.indexOf('<main id="zh-main"'),
      page.lastIndexOf('<div', page.indexOf('id="en"')),
    );
    const left = wordsOf(edition)
      .replaceAll(
        /\d{8}T\d{6}Z-[0-9a-f]{6}|crm-(database|attachments)|offsite-frankfurt|primary|backup-host|holdfast evidence verify/g,
        '',
      )
      .replaceAll(/\b(RPO|RTO|UTC|GiB|MiB|TiB|KiB|B|English|keys\.recipients)\b/g, '')
      .match(/[A-Za-z]{3,}[^ ]*/g);
    assert.deepEqual(
      (left ?? []).filter((word) => !/^[0-9a-f]+$/.test(word)),
      [],
    );
  });
});

describe('the status page in a browser', needingBrowser, () => {
  let browser: Awaited<ReturnType<typeof startBrowser>>;
  let page: string;
  before(async () => {
    browser = await startBrowser();
    const { jobs, ...rest } = sampleReport(halfAnHour, 14);
    page = await renderStatusPage({ ...rest, jobs: jobs.slice(0, 1) }, options);
  });
  after(() => browser.close());

  for (const view of [{}, { dark: true, width: 400, hash: '#zh-timeline' }])
    test(`is accessible, silent and not too wide: ${JSON.stringify(view)}`, async () => {
      await using opened = await openFile(browser, page, view);
      assert.deepEqual(await accessibilityFindings(opened.page), []);
      assert.deepEqual(opened.complaints, []);
      assert.deepEqual(opened.requests, []);
      assert.equal(await sidewaysPixels(opened.page), 0);
    });

  test('is whole and narrow enough on paper', async () => {
    await using opened = await openFile(browser, page, { print: true, width: 672 });
    assert.equal(await sidewaysPixels(opened.page), 0);
    assert.ok(await opened.page.locator('#en-timeline details table').first().isVisible());
    assert.ok(await opened.page.locator('#en-timeline .wide svg').first().isVisible());
  });

  test('draws each chart in the size that the screen can show, and describes it', async () => {
    await using wide = await openFile(browser, page);
    const timeline = wide.page.locator('#en-timeline [role=img]').first();
    assert.ok(await timeline.locator('.wide svg').isVisible());
    assert.ok(await timeline.locator('.narrow svg').isHidden());
    assert.match(
      (await timeline.getAttribute('aria-label')) ?? '',
      /Timeline of crm-database: full \d+/,
    );
    await using narrow = await openFile(browser, page, { width: 400 });
    const drawn = narrow.page.locator('#en-timeline .narrow svg').first();
    const box = await drawn.boundingBox();
    assert.ok(box && box.width > 300 && box.width <= 400);
    // As many pixels as the drawing has units: its text is as large as it was meant.
    const viewBox = (await drawn.getAttribute('viewBox'))?.split(' ');
    assert.ok(box.width / Number(viewBox?.[2]) > 0.9);
  });
});
