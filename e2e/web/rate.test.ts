import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { ServerProcess } from '../server-process.ts';
import { chatEngine } from './chat-engine.ts';
import { HAS_NO_BROWSER, startBrowser, Window } from './open-page.ts';

/** How many requests a brisk reader needs, with the limits of a new server. */

/** Milliseconds. The limits are for each minute. */
const MINUTE = 60_000;
/** Milliseconds between two steps of a reader who hardly reads. */
const STEP = 3_000;
/** Ordinary requests a minute that a new server allows to a caller. */
const MOST = 100;

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  server = await ServerProcess.create();
  await server.configure(`${await chatEngine(server.home)}rate_limit: { enabled: true }\n`);
  await server.start();
  for (const body of [
    { name: 'chat', engine: 'spoken' },
    { name: 'embed', model_path: await testModel(), options: { ctx_size: 512 } },
  ])
    await server.run(body);
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

/** The steps of one tab, in turn, again and again. */
type Steps = readonly ((page: Page) => Promise<unknown>)[];

const place = (name: string) => async (page: Page) => {
  await page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
  await page.getByRole('heading', { level: 1 }).first().waitFor();
};

const tab = (name: string) => (page: Page) => page.getByRole('tab', { name }).click();

const open = (name: string) => (page: Page) => page.getByRole('row').getByRole('link', { name, exact: true }).click();

const search = (text: string) => async (page: Page) => {
  await page.keyboard.press('/');
  await page.keyboard.type(text, { delay: 50 });
};

const clear = async (page: Page): Promise<void> => {
  await page.keyboard.press('/');
  await page.keyboard.press('Escape');
};

const ask = async (page: Page): Promise<void> => {
  const field = page.getByRole('textbox', { name: 'Message' });
  await field.fill('echo Two words.');
  await field.press('Enter');
  await page.getByRole('article').last().getByText('Two words.').waitFor();
};

const FIRST: Steps = [
  search('emb'),
  clear,
  open('embed'),
  tab('Logs'),
  tab('Settings'),
  place('Instances'),
  place('Requests'),
  place('System'),
  place('Models'),
  place('Instances'),
];

const SECOND: Steps = [
  place('Playground'),
  ask,
  place('Instances'),
  open('chat'),
  tab('Logs'),
  async () => undefined,
  async () => undefined,
  tab('Events'),
  place('Settings'),
  place('Access'),
];

/** Uses a tab for a minute. Resolves with the number of steps. */
async function use(page: Page, steps: Steps): Promise<number> {
  const end = performance.now() + MINUTE;
  let count = 0;
  while (performance.now() < end) {
    await steps[count % steps.length]?.(page);
    count += 1;
    await pause(STEP);
  }
  return count;
}

describe.skipIf(HAS_NO_BROWSER)('two tabs in brisk use', () => {
  it.runIf(isLong)('need fewer requests a minute than a new server allows', { timeout: 2 * MINUTE }, async () => {
    const window = await Window.open(browser, server.url);
    const pages = [await window.tab(server.url), await window.tab(server.url)] as const;
    for (const page of pages) await page.getByRole('row').getByRole('link', { name: 'embed' }).waitFor();
    const [first, second] = await Promise.all([use(pages[0], FIRST), use(pages[1], SECOND)]);
    expect(Math.min(first, second)).toBeGreaterThanOrEqual(FIRST.length);
    // A request beyond the limit would be a complaint.
    expect(window.complaints).toEqual([]);
    const requests = window.requests.length;
    expect(requests).toBeGreaterThan(first + second);
    expect(requests).toBeLessThanOrEqual(MOST);
    await window.close();
  });
});
