import { setTimeout as pause } from 'node:timers/promises';
import { MeasuredPage } from '../harness/measured-page.ts';
import type { Scenario } from '../harness/scenario.ts';
import { storeInstances } from '../harness/stored-instances.ts';
import { tinyFleet } from '../harness/tiny-fleet.ts';

const MB = 1_000_000;
/** Of the scroll: about five seconds, in which each engine is measured two or three times. */
const FRAMES = 300;

/** The web page with a thousand instances. */
export const page: Scenario = {
  name: 'page',
  title: 'the web page with 1 000 instances, of which 444 run',
  method:
    'The list of instances in Chromium without a window and without a GPU, 1 400 × 900, an empty cache. 556 stored instances, and 444 running ' +
    'engines (a small program that only answers its health check), measured every 2 s: each measurement is an event to the page. CPU is ' +
    '`TaskDuration` of the main thread in thread time. Opening counts until the first row is there, shifts of the layout one second more. ' +
    'The whole list is scrolled in 300 frames. The heap is that of one tab that stays open for all runs, after a garbage collection: ten ' +
    'minutes or more after it was opened, against one minute.',
  figures: [
    { key: 'paint', what: 'largest contentful paint', unit: 'ms', most: 1_000 },
    { key: 'boot', what: 'CPU until the rows are there', unit: 'ms', most: 250 },
    { key: 'shift', what: 'cumulative layout shift', unit: '×', most: 0.01 },
    { key: 'frame', what: 'main thread for a frame of the scroll', unit: 'ms', most: 12 },
    { key: 'longest', what: 'longest task of 50 ms or more meanwhile', unit: 'ms', most: 0 },
    { key: 'heapRatio', what: 'heap after 10 minutes against 1 minute', unit: '×', most: 1.1 },
    { key: 'heap', what: 'heap after 10 minutes', unit: 'MB' },
  ],
  limitSeconds: 1_200,
  open: async (bench) => {
    const running = bench.isQuick ? 5 : 444;
    const stored = bench.isQuick ? 45 : 556;
    const [early, late] = bench.isQuick ? [3_000, 9_000] : [60_000, 600_000];
    const server = await tinyFleet(bench, running);
    await storeInstances(server, stored);
    const browser = await MeasuredPage.browser(bench);
    const old = await MeasuredPage.open(browser, server.url, bench);
    const opened = performance.now();
    const untilAge = (ms: number): Promise<void> =>
      pause(Math.max(0, opened + ms - performance.now()), undefined, { signal: bench.signal });
    await untilAge(early);
    const [heapBefore, ticksBefore] = [await old.heapBytes(), old.ticks];

    return async () => {
      const fresh = await MeasuredPage.open(browser, server.url, bench);
      const { paint, shift } = await fresh.seen();
      if (paint === 0) throw new Error('the page painted nothing');
      const ticks = fresh.ticks;
      const { frameMs, longestMs } = await fresh.scroll(bench.isQuick ? FRAMES / 3 : FRAMES);
      if (fresh.ticks - ticks < running / 2) throw new Error('the engines were not measured during the scroll');
      const last = await fresh.lastRow();
      if (!last.includes('tiny-')) throw new Error(`the scroll did not reach the end of the list, but ${last}`);
      await fresh.close();
      await untilAge(late);
      const heap = await old.heapBytes();
      const events = old.ticks - ticksBefore;
      if (events < (running * (late - early)) / 4_000) throw new Error(`only ${events} events came to the open tab`);
      return {
        paint,
        boot: fresh.bootMs,
        shift,
        frame: frameMs,
        longest: longestMs,
        heapRatio: heap / heapBefore,
        heap: heap / MB,
      };
    };
  },
};
