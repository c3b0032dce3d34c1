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
  withoutGpus = await ServerProcess.create('stats: { interval: 0.5 }\n', () => search());
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
    await holder.getByText('8.4 GB').waitFor();
    await holder.getByText(/other programs 4\.2 GB/).waitFor();
    await page.getByRole('heading', { name: 'GPU load' }).waitFor();
    await page.getByRole('row', { name: /llama/ }).first().waitFor();
    await page.getByText(withGpus.dataDirectory).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('radio', { name: '24 h' }).check({ force: true });
    expect(await barriersOf(page)).toEqual([]);
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
    await expect.poll(async () => (await withoutGpus.holder())?.pid, { timeout: 30_000 }).not.toBe(before?.pid);
    expect(window.complaints).toEqual([]);
    await window.close();
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['dark'] as const))(
    'has no barriers in %s on a phone',
    async (colorScheme) => {
      const window = await Window.open(browser, withGpus.url, { colorScheme, viewport: PHONE });
      const page = await window.tab(withGpus.url, '/system');
      await page.getByRole('listitem').filter({ hasText: 'GPU 7' }).waitFor();
      await page.getByRole('heading', { name: 'GPU memory' }).waitFor();
      expect(await barriersOf(page)).toEqual([]);
      expect(await overflowOf(page)).toBe(0);
      expect(window.complaints).toEqual([]);
      await window.close();
    },
  );
});
