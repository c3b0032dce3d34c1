import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLong } from '../../scripts/test-tier.ts';
import { ServerProcess } from '../server-process.ts';
import { chatEngine } from './chat-engine.ts';
import { HAS_NO_BROWSER, startBrowser, Window } from './open-page.ts';

/** A server that is gone for a minute, with every main page open. */

const OUTAGE_MS = 60_000;
/** Milliseconds until each page says that the connection is lost. */
const NOTICED_MS = 2_000;
/** Milliseconds from the new connection of a page to the right state. */
const RIGHT_MS = 1_000;
/** Complaints about a server that is killed, also in the middle of an answer. */
const CUT = /WebSocket connection|ERR_CONNECTION_(?:REFUSED|RESET)|ERR_EMPTY_RESPONSE/;

/** Milliseconds between two lines of the log: all those of the outage fit on the screen. */
const LINE_MS = 2_000;

/** Is healthy, and writes lines with a number. */
const WRITER = `
  require('node:http').createServer((_, answer) => answer.end('ok')).listen(Number(process.argv[1]), '127.0.0.1');
  let at = 0;
  setInterval(() => console.log('line ' + (at += 1)), ${LINE_MS});
`;

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  server = await ServerProcess.create();
  await server.configure(`${await chatEngine(server.home)}security: { allow_privileged: true }\n`);
  await server.start();
  const writer = { engine: 'custom', command: [process.execPath, '-e', WRITER, '${PORT}'], health_path: '/' };
  for (const body of [
    { name: 'writer', ...writer },
    { name: 'mortal', ...writer, auto_restart: false, on_demand: false },
    { name: 'spoken', engine: 'spoken' },
  ])
    await server.run(body);
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

/** The numbers of the lines of the log that are in the page. */
async function numbersOf(page: Page): Promise<number[]> {
  const texts = await page.locator('[data-seq]').allTextContents();
  return texts.flatMap((text) => /line (\d+)/.exec(text)?.[1] ?? []).map(Number);
}

describe.skipIf(HAS_NO_BROWSER)('a server that is gone for a minute', () => {
  it.runIf(isLong)(
    'is noticed by every page at once, empties none, and is right in each a second after its return',
    async () => {
      const window = await Window.open(browser, server.url);
      const row = (page: Page, name: string): Locator =>
        page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });
      const list = await window.tab(server.url);
      const log = await window.tab(server.url, '/instances/writer?tab=logs');
      const playground = await window.tab(server.url, '/playground?instance=spoken');
      await playground.getByRole('textbox', { name: 'Message' }).fill('echo The answer stays.');
      await playground.keyboard.press('Enter');
      const answer = playground.getByRole('article', { name: 'spoken' }).getByText('The answer stays.');
      await answer.waitFor();
      const half = playground.getByRole('textbox', { name: 'Message' });
      await half.fill('Half a question');
      const requests = await window.tab(server.url, '/requests');
      const system = await window.tab(server.url, '/system');
      const pages = [list, log, playground, requests, system];
      const contents = [
        ...['writer', 'mortal', 'spoken'].map((name) => row(list, name).getByText('running')),
        log.getByRole('heading', { name: 'writer' }),
        log.locator('[data-seq]').first(),
        answer,
        requests.getByRole('row').filter({ hasText: 'spoken' }).first(),
        system.getByRole('heading', { name: 'System' }),
        system.getByRole('meter').first(),
      ];
      const arePresent = async (): Promise<void> => {
        for (const content of contents) expect(await content.isVisible(), String(content)).toBe(true);
        expect(await half.inputValue()).toBe('Half a question');
      };
      for (const content of contents) await content.waitFor();
      await expect.poll(async () => (await numbersOf(log)).length).toBeGreaterThan(1);
      expect(window.complaints).toEqual([]);

      window.allow(CUT);
      const lost = (page: Page): Locator => page.getByText('Connection lost');
      const { pid } = await server.instance('mortal');
      if (pid === null) throw new Error('the instance does not run');
      await server.end('SIGKILL');
      await Promise.all(pages.map((page) => lost(page).waitFor({ timeout: NOTICED_MS })));
      const before = (await numbersOf(log)).at(-1) ?? 0;
      process.kill(pid, 'SIGKILL');
      await arePresent();
      await pause(OUTAGE_MS);
      await arePresent();
      for (const page of pages) expect(await page.getByRole('alert').count()).toBe(0);

      await server.start();
      const right = new Map([[list, row(list, 'mortal').getByText('failed')]]);
      await Promise.all(
        pages.map(async (page) => {
          await lost(page).waitFor({ state: 'detached' });
          await right.get(page)?.waitFor({ timeout: RIGHT_MS });
        }),
      );
      expect(await half.inputValue()).toBe('Half a question');
      // The lines of the outage are there too, each once.
      await expect
        .poll(async () => (await numbersOf(log)).at(-1), { timeout: 10_000 })
        .toBeGreaterThan(before + OUTAGE_MS / LINE_MS);
      const numbers = await numbersOf(log);
      expect(numbers).toContain(before);
      expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));
      await half.fill('echo It goes on.');
      await playground.keyboard.press('Enter');
      await playground.getByRole('article', { name: 'spoken' }).getByText('It goes on.').waitFor();
      await requests.getByRole('row').filter({ hasText: 'spoken' }).nth(1).waitFor();
      expect(window.complaints).toEqual([]);
      await window.close();
    },
  );
});
