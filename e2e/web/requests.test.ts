import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { paced, PRIVILEGED, stream } from '../reloads.ts';
import { testModel } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { barriersOf, HAS_NO_BROWSER, overflowOf, PHONE, Window } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The page of requests in a real browser. */

const stage = pageStage(PRIVILEGED);

beforeAll(async () => {
  for (const body of [paced('slow'), paced('quick'), paced('stopped-now')])
    await stage.server.call('POST', '/api/instances', body);
});

const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

describe.skipIf(HAS_NO_BROWSER)('the page of requests', () => {
  it('says what it is for while there are no requests', async () => {
    const page = await stage.window.tab(stage.server.url, '/requests');
    await page.getByText('No request yet').waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });

  it('follows a request from its start to its end, which a button brings', async () => {
    const page = await stage.window.tab(stage.server.url, '/requests');
    await page.getByText('No request yet').waitFor();
    const answer = stream(stage.server, 'slow', 100_000);
    await row(page, 'slow').getByText('answers').waitFor();
    const question = page.getByRole('dialog', { name: 'End the request for slow?' });
    await page.getByRole('button', { name: 'End the request for slow' }).click();
    await question.waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    await row(page, 'slow').getByText('answers').waitFor();
    await page.getByRole('button', { name: 'End the request for slow' }).click();
    await question.getByRole('button', { name: 'End the request' }).click();
    await row(page, 'slow').getByText('ended here').waitFor();
    await answer.ended.catch(() => undefined);

    await page.getByRole('grid').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const details = page.getByRole('dialog', { name: 'Request' });
    await details.getByText('POST /v1/completions').waitFor();
    await details.getByRole('link', { name: 'Log of that moment' }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
  });

  it('is entered by the arrows from another page, and keeps the focus when a request ends from its details', async () => {
    const answer = stream(stage.server, 'slow', 100_000);
    const page = await stage.window.tab(stage.server.url, '/instances');
    await page.getByRole('link', { name: 'slow', exact: true }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await row(page, 'slow').getByText('answers').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    const details = page.getByRole('dialog', { name: 'Request', exact: true });
    await details.getByRole('button', { name: 'End', exact: true }).focus();
    await page.keyboard.press('Enter');
    const question = page.getByRole('dialog', { name: 'End the request for slow?' });
    await question.getByRole('button', { name: 'End the request' }).focus();
    await page.keyboard.press('Enter');
    await details.getByText('ended here').waitFor();
    await answer.ended.catch(() => undefined);
    await page.locator('dialog :focus').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[role=grid]:focus').waitFor();
  });

  it('gives the focus to its list when the row of the button ends', async () => {
    const answer = stream(stage.server, 'slow', 100_000);
    const page = await stage.window.tab(stage.server.url, '/requests');
    await page.getByRole('button', { name: 'End the request for slow' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').getByRole('button', { name: 'End the request' }).focus();
    await page.keyboard.press('Enter');
    await answer.ended.catch(() => undefined);
    await page.locator('[role=grid]:focus').waitFor();
  });

  it('shows an administrator whose requests a stop would end', async () => {
    const answer = stream(stage.server, 'stopped-now', 100_000);
    const page = await stage.window.tab(stage.server.url, '/instances/stopped-now');
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    const question = page.getByRole('dialog', { name: 'Stop: requests are under way' });
    await question.getByText('One request is under way at stopped-now.').waitFor();
    await question.getByRole('listitem').filter({ hasText: /^1 · / }).waitFor();
    await question.getByRole('button', { name: 'Now' }).click();
    await answer.ended.catch(() => undefined);
  });

  it('shows why a request was refused, and filters by outcome in the URL', async () => {
    await fetch(`${stage.server.url}/v1/completions`, { method: 'POST', body: JSON.stringify({ model: 'nothing' }) });
    await stream(stage.server, 'quick', 1).ended;
    const page = await stage.window.tab(stage.server.url, '/requests?outcome=refused');
    await row(page, 'nothing').waitFor();
    expect(await row(page, 'quick').count()).toBe(0);
    await row(page, 'nothing').click();
    await page.getByRole('dialog').getByText('INSTANCE_NOT_FOUND').waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Outcome').selectOption({ label: 'All outcomes' });
    await row(page, 'quick').getByText('ok').waitFor();
  });

  it('shows the message of an engine that quotes nothing of the request', async () => {
    const options = { ctx_size: 512 };
    await stage.server.run({ name: 'small', model_path: await testModel(), options });
    const messages = [{ role: 'user', content: 'many words '.repeat(2_000) }];
    const body = JSON.stringify({ model: 'small', messages });
    const answer = await fetch(`${stage.server.url}/v1/chat/completions`, { method: 'POST', body });
    expect(answer.status).toBe(400);
    const page = await stage.window.tab(stage.server.url, '/requests?outcome=client_error');
    await row(page, 'small').click();
    await page
      .getByRole('dialog', { name: 'Request' })
      .getByText(/request \(\d+ tokens\) exceeds the available context size \(\d+ tokens\)/)
      .waitFor();
    await stage.server.call('POST', '/api/instances/small/stop?wait=true');
  });

  it('has an end for a request that was in flight when llamactl was killed', async () => {
    const answer = stream(stage.server, 'slow', 100_000, { 'x-request-id': 'cut-off' });
    const file = path.join(stage.server.dataDirectory, 'requests-in-flight.jsonl');
    await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toContain('cut-off');
    await stage.server.end('SIGKILL');
    await answer.ended.catch(() => undefined);
    await stage.server.start();
    const page = await stage.window.tab(stage.server.url, '/requests?outcome=broken');
    await row(page, 'slow').getByText('broken off').waitFor();
    await row(page, 'slow').click();
    const details = page.getByRole('dialog', { name: 'Request' });
    await details.getByText('llamactl ended while this request was in flight').waitFor();
    await details.getByText('cut-off').waitFor();
    await expect.poll(() => existsSync(file)).toBe(false);
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['dark'] as const))(
    'has no barriers in %s, on a desk and on a phone',
    async (colorScheme) => {
      for (const size of [{}, { viewport: PHONE }]) {
        const own = await Window.open(stage.browser, stage.server.url, { colorScheme, ...size });
        const page = await own.tab(stage.server.url, '/requests');
        await row(page, 'slow').first().waitFor();
        expect(await barriersOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
        expect(own.complaints).toEqual([]);
        await own.close();
      }
    },
  );
});
