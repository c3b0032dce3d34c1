import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { demoModelBytes } from '@llamactl/cli/quickstart/demo-model';
import { contentOf } from '@llamactl/server/testing/file-host';
import { LoopbackHub } from '@llamactl/server/testing/loopback-hub';
import { isLong } from '../../scripts/test-tier.ts';
import { barriersOf, HAS_NO_BROWSER, overflowOf, PHONE, Window } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The library and downloads in a real browser, with a hub on loopback. */

/** Enough for two seconds at the limit of the test. */
const PADDING = contentOf(4_000_000);

let hub: LoopbackHub;

afterAll(() => hub.close());

const stage = pageStage(async () => {
  hub = await LoopbackHub.open();
  hub.add('acme/demo-GGUF', { 'demo-Q8_0.gguf': Buffer.concat([demoModelBytes(), PADDING]) }, { license: 'mit' });
  return `models: { hf_endpoint: "${hub.url}", download_limit_mb: 2 }\n`;
});

const bar = (page: Page) => page.getByRole('region', { name: 'Downloads' });

describe.skipIf(HAS_NO_BROWSER)('the page of models', () => {
  it('leads from an empty library to a model that is searched, judged, downloaded with a pause, and used', async () => {
    const page = await stage.window.tab(stage.server.url, '/models');
    await page.getByText('No model is on this machine').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Get a model' }).click();
    await page.getByLabel(/^Search for a model/).fill('demo');
    await page.keyboard.press('Enter');
    await page.getByText('acme/demo-GGUF').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Quants' }).click();
    await page.getByRole('row', { name: /Q8_0.*fits/ }).waitFor();
    expect(await barriersOf(page)).toEqual([]);

    await page.getByRole('button', { name: 'Download acme/demo-GGUF:Q8_0' }).click();
    await bar(page).getByText('downloading').waitFor();
    await bar(page).getByRole('button', { name: 'Pause' }).click();
    await bar(page).getByText('paused').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await bar(page).getByRole('button', { name: 'Go on' }).click();
    await bar(page).getByText('done').waitFor();

    await page.getByRole('tab', { name: 'On this machine' }).click();
    await page.getByRole('row').filter({ hasText: 'demo-Q8_0' }).click();
    const details = page.getByRole('dialog', { name: 'demo-Q8_0' });
    await details.getByText('fits now').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await bar(page).getByRole('link', { name: 'Create and chat' }).click();
    await page.waitForURL(/#\/new\?model=acme/);
  });

  it('offers no deletion of a file that llamactl did not download', async () => {
    const folder = path.join(stage.server.home, 'models');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'own-file.gguf'), demoModelBytes());
    const listed = async (): Promise<string> => JSON.stringify((await stage.server.call('GET', '/api/models')).body);
    await expect.poll(listed).toContain('own-file');
    const page = await stage.window.tab(stage.server.url, '/models');
    await page.getByRole('row').filter({ hasText: 'own-file' }).click();
    const drawer = page.getByRole('dialog', { name: 'own-file' });
    await drawer.getByText('A person, another program or quickstart wrote this one').waitFor();
    expect(await drawer.getByRole('button', { name: 'Delete' }).count()).toBe(0);
    // The open drawer would ask for the model once more, and get a 404.
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    await rm(folder, { recursive: true });
    await expect.poll(listed).not.toContain('own-file');
  });

  it('says why a search of the hub failed, and searches again', async () => {
    stage.window.allow(/50[0-9]/);
    hub.failures.push(...Array.from({ length: 10 }, () => ({ status: 500 })));
    const page = await stage.window.tab(stage.server.url, '/models?tab=get&q=other');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    hub.failures.length = 0;
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('No repository matches').waitFor();
  });

  it('shows the models to begin with again when the text of a search is removed', async () => {
    stage.window.allow(/50[0-9]/);
    hub.failures.push(...Array.from({ length: 10 }, () => ({ status: 500 })));
    const page = await stage.window.tab(stage.server.url, '/models?tab=get&q=broken');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    hub.failures.length = 0;
    await page.getByLabel(/^Search for a model/).fill('');
    await page.getByText('Good to start with').waitFor();
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['dark'] as const))(
    'has no barriers in %s, on a desk and on a phone',
    async (colorScheme) => {
      for (const size of [{}, { viewport: PHONE }]) {
        const own = await Window.open(stage.browser, stage.server.url, { colorScheme, ...size });
        const page = await own.tab(stage.server.url, '/models');
        await page.getByRole('row').filter({ hasText: 'demo-Q8_0' }).waitFor();
        expect(await barriersOf(page)).toEqual([]);
        await page.getByRole('tab', { name: 'Get a model' }).click();
        await page.getByText('Good to start with').waitFor();
        expect(await barriersOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
        expect(own.complaints).toEqual([]);
        await own.close();
      }
    },
  );
});
