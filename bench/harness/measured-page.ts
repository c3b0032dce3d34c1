import { setTimeout as pause } from 'node:timers/promises';
import { startBrowser } from '@llamactl/e2e/web/open-page';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';
import type { Bench } from './scenario.ts';

/** Collects from the first moment of a page on. `shift` is the cumulative layout shift, the others are milliseconds. */
const OBSERVE = `
  window.seen = { paint: 0, shift: 0, longest: 0 };
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  watch('largest-contentful-paint', ({ startTime }) => { seen.paint = startTime; });
  watch('layout-shift', ({ value, hadRecentInput }) => { if (!hadRecentInput) seen.shift += value; });
  watch('longtask', ({ duration }) => { seen.longest = Math.max(seen.longest, duration); });
`;

/** Scrolls the list from its begin to its end. Resolves with the number of frames. */
const scrollOver = (frames: number): string => `new Promise((resolve) => {
  const grid = document.querySelector('[role=grid]');
  const step = (grid.scrollHeight - grid.clientHeight) / ${frames};
  let count = 0;
  const next = () => {
    if (count === ${frames}) return resolve(count);
    count += 1;
    grid.scrollTop = step * count;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})`;

/** The observed values of a page. */
export interface Seen {
  paint: number;
  shift: number;
  longest: number;
}

/** The list of the web page in a Chromium of its own, measured by the protocol of its developer tools. */
export class MeasuredPage {
  readonly #page: Page;
  readonly #tools: CDPSession;
  readonly #signal: AbortSignal;
  readonly #context: BrowserContext;
  /** Milliseconds of the main thread from the first byte of the page until its rows are there. */
  readonly bootMs: number;
  /** Measurements of engines that came to the page so far. */
  ticks = 0;

  private constructor(context: BrowserContext, page: Page, tools: CDPSession, bootMs: number, signal: AbortSignal) {
    this.#context = context;
    this.#page = page;
    this.#tools = tools;
    this.#signal = signal;
    this.bootMs = bootMs;
  }

  /** Starts a browser, which ends with the bench's belongings. @throws {Error} This machine has none. */
  static async browser({ belongings }: Bench): Promise<Browser> {
    const browser = await startBrowser();
    belongings.add(() => browser.close());
    return browser;
  }

  /** Opens the list with an empty cache. Resolves when its rows are there, and it has been at rest for a second. */
  static async open(browser: Browser, url: string, { signal }: Bench): Promise<MeasuredPage> {
    const context = await browser.newContext({ viewport: { width: 1_400, height: 900 }, locale: 'en-US' });
    await context.addInitScript({ content: OBSERVE });
    const page = await context.newPage();
    // A file of the same server, so that the process of the page is there before.
    await page.goto(`${url}/manifest.webmanifest`);
    const tools = await context.newCDPSession(page);
    // Time that the thread works: that of other processes does not count.
    await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
    let ticks = 0;
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        ticks += Number(String(payload).includes('"instance_stats_updated"'));
        if (opened !== null) opened.ticks = ticks;
      });
    });
    let opened: MeasuredPage | null = null;
    const before = await workOf(tools);
    await page.goto(`${url}/`);
    await page.locator('[role=grid] [role=row] a').first().waitFor();
    const bootMs = (await workOf(tools)) - before;
    opened = new MeasuredPage(context, page, tools, bootMs, signal);
    await pause(1_000, undefined, { signal });
    return opened;
  }

  seen(): Promise<Seen> {
    return this.#page.evaluate<Seen>('window.seen');
  }

  /** Milliseconds of the main thread for a frame, and of its longest task of 50 ms or more, while the whole list passes. */
  async scroll(frames: number): Promise<{ frameMs: number; longestMs: number }> {
    await this.#page.evaluate('void (window.seen.longest = 0)');
    const before = await workOf(this.#tools);
    const count = await this.#page.evaluate<number>(scrollOver(frames));
    const frameMs = ((await workOf(this.#tools)) - before) / count;
    return { frameMs, longestMs: (await this.seen()).longest };
  }

  /** The text of the last row that is in the page. */
  async lastRow(): Promise<string> {
    return (await this.#page.getByRole('row').last().textContent()) ?? '';
  }

  /** Bytes of the script's heap after a garbage collection. */
  async heapBytes(): Promise<number> {
    this.#signal.throwIfAborted();
    for (let count = 0; count < 2; count += 1) await this.#tools.send('HeapProfiler.collectGarbage');
    return (await this.#tools.send('Runtime.getHeapUsage')).usedSize;
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}

/** Milliseconds that the main thread has worked since it began. */
async function workOf(tools: CDPSession): Promise<number> {
  const { metrics } = await tools.send('Performance.getMetrics');
  const tasks = metrics.find(({ name }) => name === 'TaskDuration');
  if (tasks === undefined) throw new Error('the browser does not count the time of its tasks');
  return tasks.value * 1_000;
}
