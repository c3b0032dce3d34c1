import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLong } from '../../scripts/test-tier.ts';
import { ServerProcess } from '../server-process.ts';
import { barriersOf, HAS_NO_BROWSER, logIn as fillLogIn, Window } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The log-in of the page in a real browser. */

const stage = pageStage('auth: { enabled: true }\n');
let password: string;

beforeAll(async () => {
  password = (await readFile(path.join(stage.server.dataDirectory, 'admin-password'), 'utf8')).trim();
});

const logIn = (page: Page, secret = password, name = 'admin') => fillLogIn(page, name, secret);

const inside = (page: Page) => page.getByRole('navigation', { name: 'Places' }).first();

/** A token as a program gets it. */
async function tokenOfProgram(): Promise<string> {
  const { body } = await stage.server.call('POST', '/api/auth/login', { username: 'admin', password });
  return String(body['token']);
}

describe.skipIf(HAS_NO_BROWSER)('the log-in page', () => {
  it('has no barriers, shows the refusal of the server, and lets the right password in', async () => {
    stage.window.allow(/401/);
    const page = await stage.window.tab(stage.server.url);
    await page.getByLabel('User name').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await logIn(page, 'wrong password');
    await page.getByText(/user name or (?:the )?password/i).waitFor();
    await logIn(page);
    await inside(page).waitFor();
  });

  it('says where the generated password is, and says nothing of it if the password was given', async () => {
    const hint = (page: Page) => page.getByText('First time here?');
    const page = await stage.window.tab(stage.server.url);
    await hint(page).waitFor();
    const given = ['env', 'LLAMACTL_ADMIN_PASSWORD=given by hand'];
    const other = await ServerProcess.create('auth: { enabled: true }\n', () => given);
    await other.start();
    const own = await Window.open(stage.browser, other.url);
    const site = await own.tab(other.url);
    await site.getByLabel('User name').waitFor();
    expect(await hint(site).count()).toBe(0);
    expect(own.complaints).toEqual([]);
    await own.close();
    await other.dispose();
  });

  it.runIf(isLong)('asks for nothing but who the caller is', async () => {
    const page = await stage.window.tab(stage.server.url);
    await page.getByLabel('User name').waitFor();
    expect(stage.window.requests).toEqual([{ method: 'GET', path: '/api/me' }]);
  });

  it.runIf(isLong)('comes before the address that was opened, which then opens', async () => {
    const page = await stage.window.tab(stage.server.url, '/system');
    await logIn(page);
    await page.getByRole('heading', { name: 'System' }).waitFor();
  });
});

describe.skipIf(HAS_NO_BROWSER)('a log-in', () => {
  it.runIf(isLong)('outlives a reload, serves new tabs, and opens with six requests', async () => {
    const page = await stage.window.tab(stage.server.url);
    await logIn(page);
    await inside(page).waitFor();
    stage.window.requests.length = 0;
    await page.reload();
    await page.getByRole('heading', { name: 'Nothing runs here yet' }).waitFor();
    const opening = stage.window.requests.map(({ path: address }) => address).slice(0, 6);
    expect(opening.toSorted()).toEqual([
      '/api/auth/browser/token',
      '/api/instances',
      '/api/me',
      '/api/models/downloads',
      '/api/system/alerts',
      '/api/system/status',
    ]);
    const second = await stage.window.tab(stage.server.url);
    await inside(second).waitFor();
  });

  it.runIf(isLong)('leaves nothing that a script can read or keep', async () => {
    const page = await stage.window.tab(stage.server.url);
    await logIn(page);
    await inside(page).waitFor();
    const kept = await page.evaluate<string>(
      'document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })',
    );
    expect(kept).not.toMatch(/eyJ|llk_/);
    expect(kept).not.toContain(password);
    expect(await stage.window.context.cookies()).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
  });

  it('ends in all tabs', async () => {
    const first = await stage.window.tab(stage.server.url);
    await logIn(first);
    await inside(first).waitFor();
    const second = await stage.window.tab(stage.server.url);
    await inside(second).waitFor();
    await first.getByRole('button', { name: 'admin' }).click();
    await first.getByRole('menuitem', { name: 'Log out' }).click();
    for (const page of [first, second]) await page.getByLabel('User name').waitFor();
    expect(await stage.window.context.cookies()).toEqual([]);
    expect(await first.getByLabel('User name').inputValue()).toBe('admin');
    await first.getByLabel('Password', { exact: true }).and(first.locator(':focus')).waitFor();
  });

  it('that the server has ended is asked for over the page, which keeps its text', async () => {
    stage.window.allow(/401|WebSocket/);
    const page = await stage.window.tab(stage.server.url, '/instances');
    await logIn(page);
    const field = page.getByLabel('Path of a model file');
    await field.fill('/models/half-typed');
    const authorization = `Bearer ${await tokenOfProgram()}`;
    const answer = await fetch(`${stage.server.url}/api/auth/sessions`, { headers: { authorization } });
    const { sessions } = (await answer.json()) as { sessions: { id: string; current: boolean }[] };
    for (const { id, current } of sessions) {
      if (current) continue;
      await fetch(`${stage.server.url}/api/auth/sessions/${id}`, { method: 'DELETE', headers: { authorization } });
    }
    const dialog = page.getByRole('dialog', { name: 'Your log-in has ended' });
    await dialog.waitFor();
    await page.getByText('Not logged in', { exact: true }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await dialog.getByLabel('Password', { exact: true }).and(page.locator(':focus')).waitFor();
    await dialog.getByLabel('Password', { exact: true }).fill(password);
    await dialog.getByRole('button', { name: 'Log in' }).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await field.inputValue()).toBe('/models/half-typed');
    await page.getByText('Live', { exact: true }).waitFor();
  });
});

describe.skipIf(HAS_NO_BROWSER)('accounts that are turned on while pages are open', () => {
  let other: ServerProcess;

  beforeAll(async () => {
    other = await ServerProcess.create();
    await other.start();
  });

  afterAll(() => other.dispose());

  it('ask for the log-in over each page, and one log-in is enough', async () => {
    stage.window.allow(/401|WebSocket|ERR_CONNECTION/);
    const own = await Window.open(stage.browser, other.url);
    own.allow(/401|WebSocket|ERR_CONNECTION/);
    const first = await own.tab(other.url, '/access');
    await first.getByText('llamactl then makes the account admin').waitFor();
    const second = await own.tab(other.url, '/instances');
    const field = second.getByLabel('Path of a model file');
    await field.fill('/models/half-typed');
    await other.end('SIGTERM');
    await other.configure('auth: { enabled: true }\n');
    await other.start();
    const [dialog, otherDialog] = [first, second].map((page) =>
      page.getByRole('dialog', { name: 'Accounts are on now' }),
    );
    await dialog?.getByText('the file admin-password in its data directory').waitFor();
    await otherDialog?.waitFor();
    expect(await first.getByText('Connection lost').count()).toBe(0);
    expect(await barriersOf(first)).toEqual([]);
    expect(await dialog?.getByLabel('User name').inputValue()).toBe('admin');
    const secret = (await readFile(path.join(other.dataDirectory, 'admin-password'), 'utf8')).trim();
    await dialog?.getByLabel('Password', { exact: true }).fill(secret);
    await dialog?.getByRole('button', { name: 'Log in' }).click();
    for (const each of [dialog, otherDialog]) await each?.waitFor({ state: 'detached' });
    expect(await field.inputValue()).toBe('/models/half-typed');
    await second.getByText('Live', { exact: true }).waitFor();
    await own.close();
  });
});

describe.skipIf(HAS_NO_BROWSER)('a viewer', () => {
  it('sees no button and no place that it may not use, and is never refused', async () => {
    const headers = { authorization: `Bearer ${await tokenOfProgram()}`, 'content-type': 'application/json' };
    const send = (address: string, body: unknown) =>
      fetch(stage.server.url + address, { method: 'POST', headers, body: JSON.stringify(body) });
    await send('/api/users', { username: 'vera', password: 'a long password', role: 'viewer' });
    await send('/api/instances', { name: 'chat', model_path: '/models/chat.gguf' });
    const page = await stage.window.tab(stage.server.url);
    await logIn(page, 'a long password', 'vera');
    await page.getByRole('row').filter({ hasText: 'chat' }).waitFor();
    for (const name of ['New', 'Start chat', 'Stop chat'])
      expect(await page.getByRole('button', { name }).count()).toBe(0);
    expect(await page.getByRole('checkbox').count()).toBe(0);
    expect(await inside(page).getByRole('link').allTextContents()).toEqual([
      'Instances',
      'Models',
      'Requests',
      'System',
      'Access',
    ]);
    await page.getByRole('button', { name: 'More for chat' }).click();
    await page.getByRole('menuitem', { name: 'Use it' }).waitFor();
    expect(await page.getByRole('menuitem').count()).toBe(2);
    await page.keyboard.press('Escape');
    await page.goto(`${stage.server.url}/#/settings`);
    await page.getByText('It needs the role admin.').waitFor();
    await page.getByText('You are vera, with the role viewer.').waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });
});
