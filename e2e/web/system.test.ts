import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeNvidiaSmi } from '@llamactl/server/testing/fake-nvidia-smi';
import { testEngine, testModel } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { ServerProcess } from '../server-process.ts';
import { barriersOf, HAS_NO_BROWSER, overflowOf, PHONE, startBrowser, Window } from './open-page.ts';

/** The page of the machine in a real browser, with GPUs of a fake tool and without any. */

let folder: string;
let smi: FakeNvidiaSmi;
let withGpus: ServerProcess;
let withoutGpus: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-gpus-'));
  const gpu = { name: 'NVIDIA GeForce RTX 4090', total: 24_564, used: 12_000, load: 71 };
  smi = await FakeNvidiaSmi.create(
    folder,
    Array.from({ length: 8 }, () => gpu),
  );
  const engine = path.dirname(testEngine());
  const search = (...folders: string[]) => ['env', `PATH=${[...folders, engine, '/usr/bin', '/bin'].join(':')}`];
  withGpus = await ServerProcess.create('stats: { interval: 0.5 }\n', () => search(folder));
  const many = 'stats: { interval: 0.5 }\nrate_limit: { enabled: false }\n';
  withoutGpus = await ServerProcess.create(many, () => search());
  await withGpus.start();
  await withoutGpus.start();
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await withGpus.dispose();
  await withoutGpus.dispose();
  await rm(folder, { recursive: true });
});

describe.skipIf(HAS_NO_BROWSER)('the page of the machine', () => {
  it('shows which instance holds the memory of which of eight GPUs', async () => {
    const body = { name: 'chat', model_path: await testModel(), options: { ctx_size: 512 } };
    await withGpus.call('POST', '/api/instances', body);
    await withGpus.call('POST', '/api/instances/chat/start?wait=true');
    const engine = (await withGpus.processes()).find(({ isWrapper }) => !isWrapper);
    if (engine === undefined) throw new Error('no engine runs');
    await smi.use([{ pid: engine.pid, gpu: 3, memory: 8_000 }]);

    const window = await Window.open(browser, withGpus.url);
    const page = await window.tab(withGpus.url, '/system');
    const holder = page.getByRole('listitem').filter({ hasText: 'GPU 3' });
    await holder.getByRole('link', { name: 'chat' }).waitFor();
    await holder.getByText('7.8 GiB').waitFor();
    await holder.getByText(/other programs 3\.9 GiB/).waitFor();
    const charts = page.getByRole('region', { name: 'GPUs: memory and load' });
    await charts.getByRole('heading', { name: 'GPU 7' }).waitFor();
    expect(await charts.getByRole('heading', { name: /^GPU \d$/ }).count()).toBe(8);
    await page.getByRole('row', { name: /llama/ }).first().waitFor();
    await page.getByText(withGpus.dataDirectory).first().waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('radio', { name: '24 h' }).check({ force: true });
    expect(await barriersOf(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
    await window.close();
  });

  it('goes on with the history of all instances while it is open', async () => {
    const window = await Window.open(browser, withGpus.url);
    const page = await window.tab(withGpus.url, '/system');
    const chart = page.getByRole('region', { name: 'Tokens/s of all instances' });
    await chart.getByText('as a table').click();
    const newest = chart.getByRole('cell').first();
    const before = await newest.textContent();
    await expect.poll(() => newest.textContent()).not.toBe(before);
    expect(window.requests.filter(({ path: address }) => address.startsWith('/api/stats'))).toHaveLength(1);
    expect(window.complaints).toEqual([]);
    await window.close();
  });

  it('works without a GPU, and reloads llamactl', async () => {
    const window = await Window.open(browser, withoutGpus.url);
    // A reload closes the WebSocket of the page, which then opens another.
    window.allow(/WebSocket/);
    const page = await window.tab(withoutGpus.url, '/system');
    await page.getByText('No GPU tool on PATH').waitFor();
    await page.getByText('No alert').waitFor();
    const before = await withoutGpus.holder();
    await page.getByRole('button', { name: 'Reload llamactl' }).click();
    await page.getByText('llamactl reloads').waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    await expect.poll(async () => (await withoutGpus.holder())?.pid).not.toBe(before?.pid);
    expect(window.complaints).toEqual([]);
    await window.close();
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['dark'] as const))(
    'has no barriers in %s on a phone',
    async (colorScheme) => {
      const window = await Window.open(browser, withGpus.url, { colorScheme, viewport: PHONE });
      const page = await window.tab(withGpus.url, '/system');
      await page.getByRole('listitem').filter({ hasText: 'GPU 7' }).waitFor();
      await page.getByRole('heading', { name: 'GPUs: memory and load' }).waitFor();
      expect(await barriersOf(page)).toEqual([]);
      expect(await overflowOf(page)).toBe(0);
      expect(window.complaints).toEqual([]);
      await window.close();
    },
  );
});

/** The part of an element in the browser that the test of the strip uses. */
interface ShownText {
  textContent: string | null;
  offsetHeight: number;
  scrollWidth: number;
  clientWidth: number;
}

/** Pixels of a line of text in the strip. */
const LINE = 16;

describe.skipIf(HAS_NO_BROWSER)('the strip of the machine, with eight GPUs and in German', () => {
  beforeAll(async () => {
    // Without any instance the page shows the first run instead.
    await withGpus.call('POST', '/api/instances', { name: 'listed', model_path: await testModel() });
  });

  it.each([
    ['a desk', { width: 1_400, height: 900 }, 11],
    ['a phone', PHONE, 4],
  ] as const)('has each name on one line and each figure in full on %s', async (_, viewport, least) => {
    const window = await Window.open(browser, withGpus.url, { locale: 'de-DE', viewport });
    const page = await window.tab(withGpus.url, '/instances');
    const strip = page.getByRole('region', { name: 'Rechner' });
    await strip.getByText('GPU 7').waitFor();
    const texts = await strip.locator('span.figures, span.text-mute').evaluateAll((elements: ShownText[]) =>
      elements.map(({ textContent, offsetHeight, scrollWidth, clientWidth }) => ({
        text: textContent,
        height: offsetHeight,
        isCut: scrollWidth > clientWidth,
      })),
    );
    expect(texts.filter(({ height, isCut }) => height > LINE || isCut)).toEqual([]);
    expect(texts.map(({ text }) => text)).toContain('11,7 von 24,0 GiB');
    const meters = await strip.getByRole('meter').all();
    const boxes = await Promise.all(meters.map((meter) => meter.boundingBox()));
    const seen = boxes.filter((box) => box !== null && box.x + box.width <= viewport.width);
    expect(seen.length).toBeGreaterThanOrEqual(least);
    expect(await barriersOf(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    expect(window.complaints).toEqual([]);
    await window.close();
  });
});

describe.skipIf(HAS_NO_BROWSER)('what happened, and what helps', () => {
  const create = async (name: string, options: Record<string, unknown> = {}): Promise<void> => {
    const body = { name, model_path: await testModel(), auto_restart: false, options: { ctx_size: 512, ...options } };
    expect((await withoutGpus.call('POST', '/api/instances', body)).status).toBe(201);
  };

  it('an alert on a phone has the button that hides it beside its message, not below its remedies', async () => {
    await create('lost', { override_kv: 'nonsense' });
    await withoutGpus.call('POST', '/api/instances/lost/start');
    const window = await Window.open(browser, withoutGpus.url, { viewport: PHONE, hasTouch: true, isMobile: true });
    const page = await window.tab(withoutGpus.url, '/instances');
    const alert = page.getByRole('region', { name: 'Alerts' }).getByRole('status').filter({ hasText: 'lost' });
    await alert.getByRole('button', { name: /^lost / }).tap();
    const why = await alert.getByRole('link', { name: 'Why?' }).boundingBox();
    const hide = await alert.getByRole('button', { name: 'Hide until it comes again' }).boundingBox();
    const message = await alert.getByRole('button', { name: /^lost / }).boundingBox();
    if (why === null || hide === null || message === null) throw new Error('a part of the alert has no place');
    expect(hide.y).toBeLessThan(why.y);
    expect(hide.x).toBeGreaterThanOrEqual(message.x + message.width);
    expect(window.complaints).toEqual([]);
    await window.close();
    expect((await withoutGpus.call('DELETE', '/api/instances/lost')).status).toBe(200);
  });

  it('an alert has the remedies of its explanation, and its history says how long it lasted', async () => {
    await create('bad', { override_kv: 'nonsense' });
    await withoutGpus.call('POST', '/api/instances/bad/start');
    const window = await Window.open(browser, withoutGpus.url);
    const page = await window.tab(withoutGpus.url, '/instances');
    const alerts = page.getByRole('region', { name: 'Alerts' });
    await alerts.getByRole('link', { name: 'Why?' }).waitFor();
    await alerts.getByRole('button', { name: 'Remove the option override_kv, then start' }).waitFor();
    // One fix at most, so that the message keeps its room; the others are behind "Why?".
    expect(await alerts.getByRole('button', { name: 'Start again' }).count()).toBe(0);
    const message = await alerts.getByRole('button', { name: /^bad failed/ }).boundingBox();
    expect(message?.width).toBeGreaterThan(400);
    expect(await barriersOf(page)).toEqual([]);

    const system = await window.tab(withoutGpus.url, '/system?tab=alerts');
    const past = system.getByRole('region', { name: 'History' }).getByRole('listitem').filter({ hasText: 'bad' });
    await past.filter({ hasText: 'still raised' }).waitFor();
    await system.getByRole('tab', { name: 'Alerts 1' }).waitFor();
    await system
      .getByRole('region', { name: 'Alerts' })
      .getByRole('button', { name: 'Remove the option override_kv, then start' })
      .click();
    await system.getByText('No alert', { exact: true }).waitFor();
    await past.filter({ hasText: /lasted \d+s/ }).waitFor();
    await past.getByText('instance failed').waitFor();
    expect(await barriersOf(system)).toEqual([]);
    await alerts.waitFor({ state: 'detached' });
    expect(window.complaints).toEqual([]);
    await window.close();
  });

  it('the doctor checks the machine when asked, and leads to the place that helps', async () => {
    const window = await Window.open(browser, withoutGpus.url);
    const page = await window.tab(withoutGpus.url, '/system?tab=doctor');
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await page.getByRole('button', { name: 'Check again' }).waitFor();
    await page.getByText('1 warning').waitFor();
    await page.getByText(/\d+ checks are fine/).click();
    await page.getByRole('listitem').filter({ hasText: 'Database' }).waitFor();
    await page.getByRole('listitem').filter({ hasText: 'Engine' }).getByText(testEngine()).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Check again' }).click();
    await page.getByRole('button', { name: 'Get a model, or put model files there' }).click();
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
    expect(window.complaints).toEqual([]);
    await window.close();
  });

  it('the log of llamactl is filtered by level and text, which stand in the address', async () => {
    await create('searched');
    await withoutGpus.call('POST', '/api/instances/searched/start?wait=true');
    await withoutGpus.call('POST', '/api/instances/searched/stop?wait=true');
    const window = await Window.open(browser, withoutGpus.url);
    const page = await window.tab(withoutGpus.url, '/system?tab=log');
    const lines = page.getByRole('list', { name: 'Lines of the log of llamactl' }).getByRole('listitem');
    await lines.filter({ hasText: 'instance_status_changed' }).first().waitFor();
    await page.getByLabel('Search the log').fill('instance_created');
    await page.keyboard.press('Enter');
    await lines.filter({ hasText: 'instance_status_changed' }).first().waitFor({ state: 'detached' });
    await lines.filter({ hasText: 'name=searched' }).first().waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByLabel('Level').selectOption('Warnings and errors');
    await page.getByText('No line matches').waitFor();
    expect(page.url()).toContain('level=warn');
    expect(page.url()).toContain('q=instance_created');
    expect(window.complaints).toEqual([]);
    await window.close();
  });

  it('the events of an instance go back page by page, and new ones come on top', async () => {
    await create('old');
    for (let count = 1; count <= 120; count += 1) {
      await withoutGpus.call('PUT', '/api/instances/old', { idle_timeout: count });
    }
    const window = await Window.open(browser, withoutGpus.url);
    const page = await window.tab(withoutGpus.url, '/instances/old?tab=events');
    const rows = page.getByRole('region', { name: 'Events of this instance' }).getByRole('row');
    await expect.poll(() => rows.count()).toBe(101);
    await withoutGpus.call('PUT', '/api/instances/old', { idle_timeout: 0 });
    await expect.poll(() => rows.count()).toBe(102);
    await page.getByRole('button', { name: 'Older events' }).click();
    await rows.filter({ hasText: 'created' }).waitFor();
    expect(await rows.count()).toBe(123);
    await page.getByRole('button', { name: 'Older events' }).waitFor({ state: 'detached' });
    expect(await barriersOf(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
    await window.close();
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['light'] as const))(
    'has no barriers in %s on a phone',
    async (colorScheme) => {
      const window = await Window.open(browser, withoutGpus.url, { colorScheme, viewport: PHONE });
      const page = await window.tab(withoutGpus.url, '/system?tab=alerts');
      for (const tab of ['Alerts', 'Doctor', 'Log']) {
        await page.getByRole('tab', { name: tab }).click();
        await page.getByRole('tabpanel', { name: tab }).waitFor();
        expect(await barriersOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
      }
      expect(window.complaints).toEqual([]);
      await window.close();
    },
  );
});
