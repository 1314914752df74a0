import axe, { type AxeResults } from 'axe-core';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';
import { findProgram, needing } from './programs.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Options of a test that wants a browser; Debian's chromium brings its own, nothing is downloaded. */
export const needingBrowser = needing('chromium');

export interface OpenedPage {
  readonly page: Page;
  /** Everything that would be a fault: console errors, uncaught exceptions, failed loads. */
  readonly complaints: readonly string[];
  /** Addresses that the page asked for, besides its own file. */
  readonly requests: readonly string[];
}

export interface View {
  readonly width?: number;
  readonly dark?: boolean;
  readonly print?: boolean;
  /** Such as `#zh`. */
  readonly hash?: string;
}

/** A browser for the tests of one file; close it with `await using`. */
export async function startBrowser(): Promise<Browser & AsyncDisposable> {
  return await chromium.launch({
    executablePath: findProgram('chromium') ?? 'chromium',
    // In containers tests run as root, for whom chromium has no sandbox.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

/** Opens a self-contained page as a file, as a reader does who was sent it. */
export async function openFile(
  browser: Browser,
  markup: string,
  { width = 1280, dark = false, print = false, hash = '' }: View = {},
): Promise<OpenedPage & AsyncDisposable> {
  const directory = await temporaryDirectory();
  const file = join(directory.path, 'page.html');
  await writeFile(file, markup);
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) requests.push(request.url());
  });
  if (print) await page.emulateMedia({ media: 'print' });
  await page.goto(`${pathToFileURL(file).href}${hash}`);
  return {
    page,
    complaints,
    requests,
    async [Symbol.asyncDispose]() {
      await context.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** What axe finds against WCAG 2.2 AA and good practice, one line a finding. */
export async function accessibilityFindings(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  // Thousands of points in a chart hold no text. As text: the browser's own names are no part of this program's types.
  const { violations } = await page.evaluate<AxeResults>('axe.run({ exclude: [".role-mark"] })');
  return violations.flatMap(({ id, impact, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${impact} ${id}: ${html}: ${failureSummary}`),
  );
}

/** How many pixels the page is wider than its window: what a reader would have to scroll sideways. */
export async function sidewaysPixels(page: Page): Promise<number> {
  return await page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
}
