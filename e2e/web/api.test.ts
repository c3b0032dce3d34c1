import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isLong } from '../../scripts/test-tier.ts';
import { ServerProcess } from '../server-process.ts';
import { barriersOf, HAS_NO_BROWSER, overflowOf, PHONE, startBrowser, Window } from './open-page.ts';

/** The API reference in a real browser, below a prefix that is like a path of the API. */

const PREFIX = '/api';

let open: ServerProcess;
let closed: ServerProcess;
let browser: Browser;
let window: Window;

const addressOf = (server: ServerProcess): string => server.url + PREFIX;

beforeAll(async () => {
  open = await ServerProcess.create(`server: { base_path: ${PREFIX} }`);
  closed = await ServerProcess.create(`server: { base_path: ${PREFIX} }\nauth: { enabled: true }`);
  await Promise.all([open.start(), closed.start()]);
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await Promise.all([open.dispose(), closed.dispose()]);
});

describe.skipIf(HAS_NO_BROWSER)('the API reference', () => {
  beforeEach(async () => {
    window = await Window.open(browser, addressOf(open));
  });

  afterEach(async () => {
    const { complaints } = window;
    await window.close();
    expect(complaints).toEqual([]);
  });

  it('opens from /docs, finds a request by keys, and sends it', async () => {
    const page = await window.context.newPage();
    await page.goto(`${addressOf(open)}/docs`);
    await page.waitForURL(`${addressOf(open)}/#/api`);
    await page.getByRole('link', { name: 'GET /instances List all' }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('/');
    await page.keyboard.type('list instances oldest');
    await page.keyboard.press('Enter');
    await page.getByText(`curl ${addressOf(open)}/api/instances`, { exact: true }).waitFor();
    expect(page.url()).toContain('operation=listInstances');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText(/^Status 200/).waitFor();
    await page.getByText('"instances": []').waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });

  it('opens the operation of an old anchor of /docs', async () => {
    const page = await window.context.newPage();
    await page.goto(`${addressOf(open)}/docs#updateInstance`);
    await page.waitForURL(`${addressOf(open)}/#/api?operation=updateInstance`);
    await page.getByRole('heading', { name: 'PUT /api/instances/{name}' }).waitFor();
  });

  it('opens a deep link, and the fields of a schema on demand', async () => {
    const page = await window.tab(addressOf(open), '/api?operation=updateInstance');
    await page.getByRole('heading', { name: 'PUT /api/instances/{name}' }).waitFor();
    expect(await page.getByRole('link', { name: 'PUT /instances/{name}' }).getAttribute('aria-current')).toBe('page');
    expect(await page.getByRole('button', { name: 'Send' }).count()).toBe(0);
    const fields = page.getByRole('listitem').filter({ hasText: 'request_strip' });
    const before = await fields.count();
    await page.getByRole('button', { expanded: false }).first().waitFor();
    for (const closedField of await page.getByRole('button', { expanded: false }).all()) await closedField.click();
    await expect.poll(() => fields.count()).toBeGreaterThan(before);
    expect(await barriersOf(page)).toEqual([]);
  });

  it.runIf(isLong)('says which id is unknown, and offers to clear a search that finds nothing', async () => {
    const page = await window.tab(addressOf(open), '/api?operation=fly&q=nosuchthing');
    await page.getByText('The API has no request with the id fly.').waitFor();
    await page.getByRole('button', { name: 'Clear the search' }).click();
    await page.getByRole('link', { name: 'GET /instances List all' }).waitFor();
  });

  it.runIf(isLong)('is linked from the navigation and the palette', async () => {
    const page = await window.tab(addressOf(open));
    await page.getByRole('link', { name: 'API reference' }).click();
    await page.getByRole('heading', { level: 1, name: 'API reference' }).waitFor();
    await page.goto(`${addressOf(open)}/#/instances`);
    await page.keyboard.press('Control+k');
    await page.keyboard.type('api ref');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'API reference' }).waitFor();
  });

  it('shows the list or one request on a phone, and nothing sticks out', async () => {
    const phone = await Window.open(browser, addressOf(open), { viewport: PHONE, colorScheme: 'dark', hasTouch: true });
    const page = await phone.tab(addressOf(open), '/api');
    await page.getByRole('link', { name: 'POST /instances Create' }).click();
    await page.getByRole('heading', { name: 'POST /api/instances' }).waitFor();
    expect([await overflowOf(page), await barriersOf(page)]).toEqual([0, []]);
    await page.getByRole('link', { name: 'All requests' }).click();
    await page.getByRole('link', { name: 'POST /instances Create' }).waitFor();
    expect([await overflowOf(page), await barriersOf(page), phone.complaints]).toEqual([0, [], []]);
    await phone.close();
  });
});

describe.skipIf(HAS_NO_BROWSER)('the API reference while accounts are on', () => {
  it('needs no log-in, sends nothing, and leads to the log-in', async () => {
    const reader = await Window.open(browser, addressOf(closed));
    const page = await reader.tab(addressOf(closed), '/api?operation=listInstances');
    await page.getByText('Authorization: Bearer $LLAMACTL_TOKEN').waitFor();
    expect(await page.getByRole('button', { name: 'Send' }).count()).toBe(0);
    expect(await barriersOf(page)).toEqual([]);
    await page.getByRole('link', { name: 'Log in', exact: true }).click();
    await page.getByLabel('User name').waitFor();
    expect(reader.complaints).toEqual([]);
    await reader.close();
  });
});
