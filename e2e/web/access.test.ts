import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isLong } from '../../scripts/test-tier.ts';
import { ServerProcess } from '../server-process.ts';
import { barriersOf, HAS_NO_BROWSER, logIn, overflowOf, PHONE, startBrowser, Window } from './open-page.ts';

/** Keys, users and the audit trail in a real browser, and what a viewer sees of all pages. */

let server: ServerProcess;
let browser: Browser;
let window: Window;
let password: string;

beforeAll(async () => {
  server = await ServerProcess.create('auth: { enabled: true }\n');
  await server.start();
  password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
  browser = await startBrowser();
});

beforeEach(async () => {
  window = await Window.open(browser, server.url);
});

afterEach(async () => {
  const { complaints } = window;
  await window.close();
  expect(complaints).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

async function open(hash: string, name = 'admin', secret = password): Promise<Page> {
  const page = await window.tab(server.url, hash);
  await logIn(page, name, secret);
  await page.getByRole('navigation', { name: 'Places' }).first().waitFor();
  return page;
}

describe.skipIf(HAS_NO_BROWSER)('the page of access', () => {
  it('makes a key for an editor, and shows it once', async () => {
    const page = await open('/access');
    await page.getByText('No key yet').waitFor();
    await page.keyboard.press('n');
    const form = page.getByRole('dialog', { name: 'New key' });
    await form.getByLabel('Name').fill('my editor');
    expect(await barriersOf(page)).toEqual([]);
    await form.getByRole('button', { name: 'Make key' }).click();
    const made = page.getByRole('dialog', { name: 'Key my editor' });
    const key = (await made.getByText(/^llk_/).first().textContent()) ?? '';
    expect(await barriersOf(page)).toEqual([]);
    const answer = await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(200);
    await made.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('row', { name: /my editor/ }).waitFor();
    expect(await page.content()).not.toContain(key);

    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('No key yet').waitFor();
  });

  it('adds a user, whose row is in the audit trail', async () => {
    const page = await open('/access?tab=users');
    await page.getByRole('button', { name: 'New user' }).click();
    const form = page.getByRole('dialog', { name: 'New user' });
    await form.getByLabel('Name').fill('ada');
    await form.getByLabel('Role').selectOption('viewer');
    await form.getByLabel('Password').fill('a long password');
    expect(await barriersOf(page)).toEqual([]);
    await form.getByRole('button', { name: 'Create user' }).click();
    await page.getByRole('row', { name: /ada.*viewer/ }).waitFor();
    expect(await barriersOf(page)).toEqual([]);

    await page.getByRole('tab', { name: 'Audit' }).click();
    await page.getByRole('row', { name: /createUser.*ada.*201/ }).waitFor();
    await page.getByLabel('What, such as startInstance').fill('createKey');
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /createUser/ }).waitFor({ state: 'detached' });
    expect(page.url()).toContain('action=createKey');
    expect(await barriersOf(page)).toEqual([]);
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['dark'] as const))(
    'has no barriers in %s on a phone',
    async (colorScheme) => {
      await window.close();
      window = await Window.open(browser, server.url, { colorScheme, viewport: PHONE });
      const page = await open('/access');
      for (const tab of ['Users', 'Audit', 'My account', 'Keys']) {
        await page.getByRole('tab', { name: tab }).click();
        await page.getByRole('tabpanel', { name: tab }).waitFor();
        expect(await barriersOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
      }
    },
  );
});

describe.skipIf(HAS_NO_BROWSER)('a viewer', () => {
  it('sees no button and no tab that the role forbids', async () => {
    const page = await open('/access', 'ada', 'a long password');
    await page.getByRole('tab', { name: 'My account' }).waitFor();
    const tabs = await page.getByRole('tab').allTextContents();
    expect(tabs).toEqual(['Keys', 'My account']);
    const places = page.getByRole('navigation', { name: 'Places' }).first();
    const shown = await places.getByRole('link').allTextContents();
    expect(shown).toEqual(['Instances', 'Models', 'Requests', 'System', 'Access']);
    await places.getByRole('link', { name: 'Models' }).click();
    await page.getByText('No model is on this machine').waitFor();
    expect(await page.locator('main').getByRole('button').count()).toBe(0);
    await places.getByRole('link', { name: 'Requests' }).click();
    await page.getByText('No request yet').waitFor();
    await page.evaluate("location.hash = '/settings'");
    await page.getByText('admin', { exact: false }).first().waitFor();
    expect(await page.getByRole('tab').count()).toBe(0);
  });
});
