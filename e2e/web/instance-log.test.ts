import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLong } from '../../scripts/test-tier.ts';
import { ServerProcess } from '../server-process.ts';
import { barriersOf, HAS_NO_BROWSER, startBrowser, Window } from './open-page.ts';

/** How quick a log of fifty thousand lines is, and how little a stream of lines costs. */

const LINES = 50_000;
/** Lines a second of the stream, and pieces in which they come to the page. */
const RATE = 250;
const PIECES = 10;
const SECONDS = 8;
/** Milliseconds of script, styles and layout for each piece of the stream. */
const BAR = 5;
/** A busy machine makes single rounds slow. */
const ROUNDS = 3;

/** Writes many lines, is healthy, and writes a stream of lines while it runs. */
const ENGINE = `
  const line = (at) => 'line ' + at + ' <img src=x onerror=alert(1)> \\u001b[31m\\u202e' + 'x'.repeat(at % 90);
  for (let at = 0; at < ${LINES}; at += 1) console.log(line(at));
  require('node:http').createServer((_, answer) => answer.end('ok')).listen(Number(process.argv[1]), '127.0.0.1');
  let at = ${LINES};
  setInterval(() => { for (let count = 0; count < ${RATE / PIECES}; count += 1) console.log(line(at++)); }, ${1_000 / PIECES});
`;

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  server = await ServerProcess.create('security:\n  allow_privileged: true\n');
  await server.start();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

/** Milliseconds of script, styles and layout since the page was opened: the machine that draws differs. */
async function workOf(session: CDPSession): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  const own = new Set(['ScriptDuration', 'LayoutDuration', 'RecalcStyleDuration']);
  return metrics.reduce((sum, { name, value }) => (own.has(name) ? sum + value * 1_000 : sum), 0);
}

async function lastNumber(page: Page): Promise<number> {
  const text = await page.locator('[data-seq]').last().textContent();
  return Number(/line (\d+)/.exec(text ?? '')?.[1]);
}

/** Writes one line that no other resembles, then more lines than the page loads at first. */
const EARLY = `
  console.log('2026-01-31T12:00:00Z INFO the needle of the first moment');
  for (let at = 0; at < 5_000; at += 1) console.log('hay ' + at);
  require('node:http').createServer((_, answer) => answer.end('ok')).listen(Number(process.argv[1]), '127.0.0.1');
`;

describe.skipIf(HAS_NO_BROWSER)('a log with more lines than the page has loaded', () => {
  it('is searched as a whole, and shows a line that was found', async () => {
    const command = [process.execPath, '-e', EARLY, '${PORT}'];
    const body = { name: 'early', engine: 'custom', command, health_path: '/' };
    expect((await server.call('POST', '/api/instances', body)).status).toBe(201);
    await server.call('POST', '/api/instances/early/start?wait=true');
    const window = await Window.open(browser, server.url);
    const page = await window.tab(server.url, '/instances/early?tab=logs');
    const lines = page.getByRole('region', { name: 'Lines of the log' });
    await lines.getByText('hay 4999').waitFor();
    await lines
      .getByTitle(/^Without a time of its own: goes on from \d\d:\d\d:\d\d$/)
      .last()
      .waitFor();
    expect(await lines.locator('[data-seq] time').count()).toBe(0);
    await page.keyboard.press('Control+f');
    await page.keyboard.type('NEEDLE of the first');
    const whole = page.getByRole('region', { name: 'Search in the whole log' });
    await whole.getByText('None in the loaded lines').waitFor();
    await whole.getByRole('button', { name: 'Search the whole log' }).click();
    await whole.getByText('1 in the whole log').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await whole.getByRole('button', { name: /the needle of the first moment/ }).click();
    await lines.getByText('needle of the first', { exact: true }).waitFor();
    await lines.getByText('hay 0', { exact: true }).waitFor();
    expect(await lines.locator('[data-seq] time').count()).toBe(1);
    expect(window.complaints).toEqual([]);
    await window.close();
  });
});

describe.skipIf(HAS_NO_BROWSER)('a log of fifty thousand lines', () => {
  it.runIf(isLong)('is followed at 250 lines a second for at most 5 ms a piece, as plain text', async () => {
    const command = [process.execPath, '-e', ENGINE, '${PORT}'];
    const made = await server.call('POST', '/api/instances', {
      name: 'loud',
      engine: 'custom',
      command,
      health_path: '/',
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    await server.call('POST', '/api/instances/loud/start');
    const window = await Window.open(browser, server.url);
    const page = await window.tab(server.url, '/instances/loud?tab=logs');
    const session = await window.context.newCDPSession(page);
    // Of the thread itself: the time of a busy machine does not count.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await expect.poll(() => lastNumber(page), { timeout: 60_000 }).toBeGreaterThan(LINES);
    const rounds: number[] = [];
    while (rounds.length < ROUNDS && !rounds.some((each) => each <= BAR)) {
      const before = await workOf(session);
      const from = await lastNumber(page);
      await expect
        .poll(() => lastNumber(page), { timeout: 60_000, interval: 500 })
        .toBeGreaterThan(from + RATE * SECONDS);
      const pieces = ((await lastNumber(page)) - from) / (RATE / PIECES);
      rounds.push(((await workOf(session)) - before) / pieces);
    }
    expect(Math.min(...rounds), `rounds: ${rounds.join(', ')}`).toBeLessThanOrEqual(BAR);
    expect(await page.locator('[data-seq] img, [data-seq] script').count()).toBe(0);
    expect(window.complaints).toEqual([]);
    await window.close();
  });
});
