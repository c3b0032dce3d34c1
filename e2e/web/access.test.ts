import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { KeyCreatedSchema, KeyListSchema, LoggedInSchema } from '@llamactl/contract/auth';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { barriersOf, HAS_NO_BROWSER, logIn, overflowOf, PHONE } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** Keys, users and the audit trail in a real browser, and what a viewer sees of all pages. */

const stage = pageStage('auth: { enabled: true }\n');
let password: string;
/** Token of the admin. */
let admin: string;

beforeAll(async () => {
  password = (await readFile(path.join(stage.server.dataDirectory, 'admin-password'), 'utf8')).trim();
  admin = await tokenOf('a test');
});

async function open(hash: string, name = 'admin', secret = password): Promise<Page> {
  const page = await stage.window.tab(stage.server.url, hash);
  await logIn(page, name, secret);
  await page.getByRole('navigation', { name: 'Places' }).first().waitFor();
  return page;
}

/** Sends JSON, as the admin unless a key or token is given. */
async function post(url: string, body: object = {}, credential = admin, refusal?: number): Promise<unknown> {
  return send('POST', url, body, credential, refusal);
}

async function put(url: string, body: object): Promise<unknown> {
  return send('PUT', url, body, admin);
}

async function send(method: string, url: string, body: object, credential: string, refusal?: number): Promise<unknown> {
  const headers = { authorization: `Bearer ${credential}`, 'content-type': 'application/json' };
  const answer = await fetch(stage.server.url + url, { method, headers, body: JSON.stringify(body) });
  expect([url, answer.ok ? undefined : answer.status]).toEqual([url, refusal]);
  return answer.json();
}

async function read(url: string): Promise<unknown> {
  const answer = await fetch(stage.server.url + url, { headers: { authorization: `Bearer ${admin}` } });
  return answer.json();
}

/** Logs in a program. */
async function tokenOf(userAgent: string, username = 'admin', secret = password): Promise<string> {
  const headers = { 'content-type': 'application/json', 'user-agent': userAgent };
  const body = JSON.stringify({ username, password: secret });
  const answer = await fetch(`${stage.server.url}/api/auth/login`, { method: 'POST', headers, body });
  return LoggedInSchema.parse(await answer.json()).token;
}

async function statusOf(token: string): Promise<number> {
  const answer = await fetch(`${stage.server.url}/api/keys`, { headers: { authorization: `Bearer ${token}` } });
  return answer.status;
}

/** Holds requests of a page for the list of keys until the result is resolved. */
async function heldKeys(page: Page): Promise<PromiseWithResolvers<undefined>> {
  const held = Promise.withResolvers<undefined>();
  await page.route('**/api/keys', async (route) => {
    await held.promise;
    await route.fallback();
  });
  return held;
}

async function revoke(page: Page, key: string): Promise<void> {
  await page.getByRole('button', { name: `More for ${key}` }).click();
  await page.getByRole('menuitem', { name: 'Revoke' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
}

describe.skipIf(HAS_NO_BROWSER)('the page of access', () => {
  it('makes a key for an editor, and shows it once', async () => {
    const page = await open('/access');
    await page.getByText('No key yet').waitFor();
    await page.keyboard.press('n');
    const form = page.getByRole('dialog', { name: 'New key' });
    await form.getByLabel('Name').and(page.locator(':focus')).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'New key' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.press('n');
    await form.getByLabel('Name').and(page.locator(':focus')).waitFor();
    await page.keyboard.type('my editor');
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Enter');
    const made = page.getByRole('dialog', { name: 'Key my editor' });
    // A second Enter copies the key, and does not close it.
    await made.getByRole('button', { name: 'Copy the key' }).and(page.locator(':focus')).waitFor();
    const key = (await made.getByText(/^llk_/).first().textContent()) ?? '';
    // Each editor has its own configuration, with the name of an instance as soon as there is one.
    for (const [editor, text] of [
      ['Continue', `apiKey: ${key}`],
      ['Zed', '"openai_compatible"'],
      ['VS Code', '"customendpoint"'],
      ['Other', 'Model: NAME'],
      ['curl', `Bearer ${key}`],
    ] as const) {
      await made.getByText(editor, { exact: true }).click();
      await made.getByText(text).waitFor();
    }
    await made.getByText('NAME stands for the name of an instance.').waitFor();
    expect(await barriersOf(page)).toEqual([]);
    const answer = await fetch(`${stage.server.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(200);
    await made.getByRole('button', { name: 'I have kept it' }).click();
    await made.getByText('You have not copied the key.').waitFor();
    await made.getByRole('button', { name: 'Close without a copy' }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await made.getByRole('button', { name: 'Copy the key' }).focus();
    await page.keyboard.press('Enter');
    await made.getByText('You have not copied the key.').waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await made.waitFor({ state: 'detached' });
    await page.getByRole('row', { name: /my editor/ }).waitFor();
    expect(await page.content()).not.toContain(key);

    await revoke(page, 'my editor');
    await page.getByText('No key yet').waitFor();
  });

  it('shows what a key has used, changes its name and end, and keeps its figures when it is revoked', async () => {
    await post('/api/instances', { name: 'chat', model_path: await testModel(), options: { threads: 1 } });
    await post('/api/instances/chat/start?wait=true');
    const made = KeyCreatedSchema.parse(await post('/api/keys', { name: 'editor' }));
    const question = { model: 'chat', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 7 };
    await post('/v1/chat/completions', question, made.key);
    await post('/v1/chat/completions', { ...question, model: 'none' }, made.key, 404);

    const page = await open('/access');
    const row = page.getByRole('row', { name: /editor/ });
    await row.getByText('2 requests').last().waitFor();
    await row.getByText(/in · 7 out$/).waitFor();
    expect(await barriersOf(page)).toEqual([]);

    await row.getByRole('button', { name: 'Edit', exact: true }).click();
    const form = page.getByRole('dialog', { name: 'Key editor' });
    await form.getByLabel('Name').fill('laptop');
    await form.getByLabel('Ends').selectOption('day');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Choose a day in the future.').waitFor();
    await form.getByLabel('Day').fill('2090-01-31');
    expect(await barriersOf(page)).toEqual([]);
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('row', { name: /laptop.*2090-01-31/ }).waitFor();

    await page.getByRole('tab', { name: 'Usage' }).click();
    await page.getByRole('row', { name: /laptop admin 2 1 refused/ }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByText('Instance', { exact: true }).click();
    await page.getByRole('row', { name: /^chat 1 / }).waitFor();
    await page.getByRole('row', { name: /^no instance 1 1 refused/ }).waitFor();
    await page.getByText('15 min').click();
    expect(page.url()).toContain('by=instance&window=15m');
    await page.getByRole('row', { name: /^chat 1 / }).waitFor();
    await page
      .getByRole('row', { name: /^chat 1 / })
      .getByRole('link', { name: 'chat' })
      .click();
    await page.waitForURL(/#\/requests\?instance=chat$/);
    await page.goBack();
    await page.getByText('Key', { exact: true }).click();
    await page
      .getByRole('row', { name: /laptop/ })
      .getByRole('link', { name: 'laptop' })
      .click();
    await page.waitForURL(/#\/requests\?caller=key/);
    await page
      .getByRole('row', { name: /\/v1\/chat\/completions/ })
      .first()
      .waitFor();
    await page.goBack();

    await page.getByRole('tab', { name: 'Keys' }).click();
    await revoke(page, 'laptop');
    await page.getByText('No key yet').waitFor();
    await page.getByRole('tab', { name: 'Usage' }).click();
    await page.getByRole('row', { name: /laptop deleted/ }).waitFor();
  });

  it('lists the log-ins of the user, and ends one or all others', async () => {
    const page = await open('/access?tab=account');
    const table = page.getByRole('region', { name: 'Log-ins' });
    const current = table.getByRole('row', { name: /this browser/ });
    await current.waitFor();
    const tokens = [await tokenOf('a phone'), await tokenOf('a tablet'), await tokenOf('a laptop')];
    await page.reload();
    await table
      .getByRole('row', { name: /a phone/ })
      .getByRole('button', { name: 'End' })
      .click();
    await table.getByRole('row', { name: /a phone/ }).waitFor({ state: 'detached' });
    expect(await Promise.all(tokens.map((each) => statusOf(each)))).toEqual([401, 200, 200]);
    await page.getByRole('button', { name: 'End all others' }).click();
    await table.getByRole('row', { name: /a tablet/ }).waitFor({ state: 'detached' });
    expect(await Promise.all(tokens.map((each) => statusOf(each)))).toEqual([401, 401, 401]);
    await current.waitFor();
    expect(await table.getByRole('button', { name: 'End' }).count()).toBe(1);
    expect(await barriersOf(page)).toEqual([]);
    // The log-in of the other tests has ended too.
    admin = await tokenOf('a test');
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

    const token = await tokenOf('a forgotten laptop', 'ada', 'a long password');
    await page.getByRole('row', { name: /ada/ }).getByRole('button', { name: 'More for ada' }).click();
    await page.getByRole('menuitem', { name: 'Log-ins' }).click();
    const logIns = page.getByRole('dialog', { name: 'Log-ins of ada' });
    await logIns.getByRole('row', { name: /a forgotten laptop/ }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await logIns
      .getByRole('row', { name: /a forgotten laptop/ })
      .getByRole('button', { name: 'End' })
      .click();
    await logIns.getByText('Not logged in anywhere.').waitFor();
    expect(await statusOf(token)).toBe(401);
    await page.keyboard.press('Escape');

    await page.getByRole('tab', { name: 'Audit' }).click();
    await page.getByRole('row', { name: /end a log-in.*ada.*200/ }).waitFor();
    // A log-in is by the user who logged in.
    await page
      .getByRole('row', { name: /ada log in ada.*200/ })
      .first()
      .waitFor();
    await page.getByRole('row', { name: /create user.*ada.*201/ }).click();
    const details = page.getByRole('dialog', { name: 'Row of the audit trail' });
    await details.getByText('createUser').waitFor();
    await details.getByRole('button', { name: 'Copy the id of the request' }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Escape');

    await post('/api/instances', { name: 'audited', model_path: '/models/a.gguf' });
    await put('/api/instances/audited', { options: { ctx_size: 4096 }, environment: { HF_TOKEN: 'a-secret' } });
    await put('/api/instances/audited', { options: { ctx_size: 8192 }, environment: { HF_TOKEN: 'another-secret' } });
    await page.reload();
    await page.getByRole('row', { name: /change audited ctx_size 4096 → 8192 \+1 .*200/ }).click();
    const changes = page.getByRole('region', { name: 'Changes' }).getByRole('listitem');
    await changes.first().waitFor();
    expect(await changes.allInnerTexts()).toEqual([
      'options.ctx_size 4096 → 8192',
      'environment.HF_TOKEN changed; the value is a secret',
    ]);
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    // A change of the configuration has its section as its target.
    await put('/api/config', { instances: { idle_timeout: 900 } });
    await page.reload();
    await page.getByRole('row', { name: /change settings instances instances\.idle_timeout not set → 900/ }).waitFor();
    // The words that the rows show.
    await page.getByLabel('What', { exact: true }).fill('make key');
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /create user/ }).waitFor({ state: 'detached' });
    await page
      .getByRole('row', { name: /make key/ })
      .first()
      .waitFor();
    expect(await barriersOf(page)).toEqual([]);

    await page.getByLabel('What', { exact: true }).fill('');
    await page.keyboard.press('Enter');
    await page.getByRole('row', { name: /create user/ }).waitFor();
    await page.getByLabel('Answer').selectOption('Refused (4xx)');
    await page.getByRole('row', { name: /create user/ }).waitFor({ state: 'detached' });
    expect(page.url()).toContain('status=4xx');
    await page.getByLabel('Answer').selectOption('All answers');
    await page.getByRole('row', { name: /create user/ }).waitFor();
    await page.getByLabel('Until').fill('2020-01-31T12:00');
    await page.keyboard.press('Enter');
    await page.getByText('No row matches').waitFor();
    expect(page.url()).toMatch(/until=.*2020-01-31T/);
    const period = page.getByLabel('Period');
    expect(await period.inputValue()).toBe('own');
    expect(await barriersOf(page)).toEqual([]);
    await period.selectOption('Today');
    await page.getByRole('row', { name: /create user/ }).waitFor();
    expect(page.url()).toMatch(/period=today/);
    expect(page.url()).not.toMatch(/until=/);
    expect(await page.getByLabel('Since').inputValue()).toMatch(/T00:00$/);
    await page.reload();
    await page.getByRole('row', { name: /create user/ }).waitFor();
    expect(await period.inputValue()).toBe('today');
    await period.selectOption('All');
    await page.waitForURL((url) => !/period=|since=/.test(url.href));
    expect(await page.getByLabel('Since').inputValue()).toBe('');
  });

  it('makes a limited key for a colleague, whose row leads to keys, requests and audit', async () => {
    await post('/api/users', { username: 'otto', password: 'a long password', role: 'operator' });
    await post('/api/users', { username: 'otto2', password: 'a long password', role: 'operator' });
    await post('/api/keys', { name: 'laptop' }, await tokenOf('a laptop', 'otto', 'a long password'));
    await post('/api/keys', { name: 'phone' }, await tokenOf('a phone', 'otto2', 'a long password'));
    const page = await open('/access?tab=users');
    const more = async (item: string): Promise<void> => {
      await page.getByRole('tab', { name: 'Users' }).click();
      await page.getByRole('button', { name: 'More for otto', exact: true }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await more('Keys');
    await page.getByRole('heading', { name: 'Keys of otto' }).waitFor();
    await page.getByRole('row', { name: /laptop/ }).waitFor();
    expect(await page.getByRole('row', { name: /phone/ }).count()).toBe(0);
    expect(await barriersOf(page)).toEqual([]);

    await page.getByRole('button', { name: 'New key' }).click();
    const form = page.getByRole('dialog', { name: 'New key' });
    await form.getByLabel('Name').fill('nightly');
    expect(await form.getByLabel('Owner').inputValue()).toBe('otto');
    // A viewer may not call models, so nothing of it is offered.
    await form.getByLabel('Owner').selectOption('ada');
    await form.getByText('A viewer may not call models').waitFor();
    expect(await form.getByLabel('call models', { exact: true }).count()).toBe(0);
    await form.getByLabel('Owner').selectOption('otto');
    await form.getByLabel('call models', { exact: true }).check();
    await form.getByLabel('Tokens a minute').fill('5000');
    expect(await barriersOf(page)).toEqual([]);
    await form.getByRole('button', { name: 'Make key' }).click();
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('button', { name: 'Close without a copy' }).click();
    const nightly = page.getByRole('row', { name: /nightly.*otto/ });
    await nightly.getByText('5,000 tokens/min').waitFor();
    await nightly.getByRole('button', { name: 'Edit', exact: true }).click();
    await page.getByRole('dialog', { name: 'Key nightly' }).getByText('5,000 tokens/min').waitFor();
    await page.keyboard.press('Escape');
    const { keys } = KeyListSchema.parse(await read('/api/keys'));
    expect(keys.find(({ name }) => name === 'nightly')).toMatchObject({ owner: 'otto', tokens_per_minute: 5_000 });
    await page.getByRole('button', { name: 'All keys' }).click();
    await page.getByRole('row', { name: /phone/ }).waitFor();

    await more('Audit');
    await page.getByRole('row', { name: /make key laptop/ }).waitFor();
    expect(await page.getByRole('row', { name: /user:otto2/ }).count()).toBe(0);
    const who = page.getByLabel('Who', { exact: true });
    expect(await who.inputValue()).toBe('user:otto');
    // Typing is enough, and a part of the name in any case.
    await who.fill('OTT');
    await page.getByRole('row', { name: /user:otto2/ }).waitFor();
    expect(await who.inputValue()).toBe('OTT');
    expect(page.url()).not.toContain('exact');
    await page.getByLabel('What', { exact: true }).pressSequentially('eKey');
    await expect.poll(() => page.url()).toContain('action=eKey');

    await more('Requests');
    await page.getByRole('heading', { name: 'Requests', exact: true }).waitFor();
    expect(decodeURIComponent(page.url())).toContain('caller=user:otto');
  });

  it('shows the mistake of a form that it refuses, also if it is out of sight', async () => {
    await stage.reopen({ viewport: { width: PHONE.width, height: 500 } });
    const page = await open('/access');
    await page.getByRole('button', { name: 'New key' }).first().click();
    const form = page.getByRole('dialog', { name: 'New key' });
    const make = form.getByRole('button', { name: 'Make key' });
    const isSeen = (element: Locator): Promise<boolean> =>
      element.evaluate((each: { getBoundingClientRect(): { top: number; bottom: number } }) => {
        const { top, bottom } = each.getBoundingClientRect();
        return top > 50 && bottom < 450;
      });
    const mayCall = form.getByRole('checkbox', { name: 'call models' });
    await form.getByLabel('Name').fill('a key');
    await mayCall.uncheck();
    await form.getByLabel('Ends').scrollIntoViewIfNeeded();
    expect(await isSeen(mayCall)).toBe(false);
    await make.click();
    await mayCall.and(page.locator(':focus')).waitFor();
    expect(await isSeen(form.getByText('A key needs at least one right.'))).toBe(true);
    await form.getByLabel('Name').fill('');
    await form.getByLabel('Ends').scrollIntoViewIfNeeded();
    await make.click();
    await form.getByLabel('Name').and(page.locator(':focus')).waitFor();
    expect(await isSeen(form.getByLabel('Name'))).toBe(true);
    expect(await barriersOf(page)).toEqual([]);
  });

  it('shows the chosen instances of a new key also while a search hides them, and all of them for Continue', async () => {
    const names = Array.from({ length: 9 }, (_, at) => `shared-${at}`);
    for (const name of names) await post('/api/instances', { name, model_path: await testModel() });
    const page = await open('/access');
    await page.getByRole('button', { name: 'New key' }).click();
    const form = page.getByRole('dialog', { name: 'New key' });
    await form.getByLabel('Name').fill('two models');
    await form.getByText('Only these', { exact: true }).click();
    await form.getByLabel('shared-3').check();
    await form.getByPlaceholder('Search instances').fill('shared-7');
    await form.getByLabel('shared-7').check();
    await form.getByText('2 chosen: shared-3, shared-7').waitFor();
    expect(await form.getByLabel('shared-3').count()).toBe(0);
    await form.getByRole('button', { name: 'Make key' }).click();
    const made = page.getByRole('dialog', { name: 'Key two models' });
    await made.getByText('model: "shared-3"').waitFor();
    await made.getByText('model: "shared-7"').waitFor();
    await made.getByRole('button', { name: 'Copy the key' }).click();
    await made.getByRole('button', { name: 'Copied' }).waitFor();
    await page.keyboard.press('Escape');
    await made.waitFor({ state: 'detached' });
    for (const name of names) await send('DELETE', `/api/instances/${name}`, {}, admin);
  });

  it('keeps the filters of the audit trail behind a button on a phone', async () => {
    await stage.reopen({ viewport: PHONE });
    const page = await open('/access?tab=audit');
    await page.getByRole('grid').getByRole('row').first().waitFor();
    const top = (await page.getByRole('grid').boundingBox())?.y;
    expect(top).toBeLessThan(PHONE.height / 3);
    await page.getByRole('button', { name: 'Filters' }).click();
    await page.getByRole('dialog', { name: 'Filters' }).getByLabel('Who', { exact: true }).fill('admin');
    await page.waitForURL(/subject=admin/);
    await page.getByRole('button', { name: 'Filters', pressed: true }).waitFor({ state: 'attached' });
  });

  it('says who one is, and with which role', async () => {
    const page = await open('/access');
    await page.getByRole('button', { name: 'admin admin', exact: true }).click();
    await page.getByRole('menu').getByText('You are admin, with the role admin.').waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });

  it('lets a user go who has just typed a filter of the audit trail', async () => {
    await stage.window.context.clock.install();
    const page = await open('/access?tab=audit');
    await page.getByLabel('What', { exact: true }).waitFor();
    const code = Promise.withResolvers<undefined>();
    await page.route(/\.js$/, async (route) => {
      await code.promise;
      await route.continue();
    });
    await page.clock.pauseAt(Date.now() + 60_000);
    // The words that the rows show.
    await page.getByLabel('What', { exact: true }).fill('make key');
    await page.getByRole('navigation', { name: 'Places' }).first().getByRole('link', { name: 'Models' }).click();
    await page.waitForURL(/#\/models$/);
    // The address gets the words of a filter a moment after the last key.
    await page.clock.runFor(1_000);
    code.resolve(undefined);
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor();
    expect(page.url()).toMatch(/#\/models$/);
  });

  it('names the keys that end for good with a user, and does not list them afterwards', async () => {
    const page = await open('/access?tab=users');
    await page.getByRole('button', { name: 'More for otto', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Disable' }).click();
    const question = page.getByRole('dialog', { name: 'Disable the user otto?' });
    await question.getByText('2 keys are revoked:').waitFor();
    await question.getByRole('button', { name: 'Cancel' }).and(page.locator(':focus')).waitFor();
    expect(await question.getByRole('listitem').allTextContents()).toEqual(['laptop', 'nightly']);
    expect(await barriersOf(page)).toEqual([]);
    // The page knows of the revoked keys before the list is here again.
    const list = await heldKeys(page);
    await question.getByRole('button', { name: 'Disable' }).click();
    await page.getByRole('row', { name: /otto .*disabled/ }).waitFor();
    const { keys } = KeyListSchema.parse(await read('/api/keys'));
    expect(keys.filter(({ owner }) => owner === 'otto')).toEqual([]);
    await page.getByRole('tab', { name: 'Keys' }).click();
    await page.getByRole('row', { name: /phone/ }).waitFor();
    expect(await page.getByRole('row', { name: /nightly/ }).count()).toBe(0);

    await page.getByRole('tab', { name: 'Users' }).click();
    await page.getByRole('button', { name: 'More for otto2', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('row', { name: /otto2/ }).waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Keys' }).click();
    await page.getByRole('row', { name: /phone/ }).waitFor({ state: 'detached' });
    list.resolve(undefined);
    await page.getByRole('tab', { name: 'Users' }).click();
    await page.getByRole('button', { name: 'More for otto', exact: true }).click();
    await page.getByRole('menuitem', { name: 'Enable' }).click();
    await page.getByText('The user otto is enabled and may log in. Revoked keys stay revoked.').waitFor();
  });

  it('is found tab by tab in the palette', async () => {
    const page = await open('/instances');
    for (const [label, tab] of [
      ['API keys', 'Keys'],
      ['Users', 'Users'],
      ['Usage', 'Usage'],
      ['Audit', 'Audit'],
      ['My account', 'My account'],
    ] as const) {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Go to, or do …' }).fill(`${label} access`);
      await page.getByRole('option', { name: label }).waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('tab', { name: tab, selected: true }).waitFor();
    }
  });

  it.each([
    ['key', 'API keys'],
    ['shortcut', 'Keyboard shortcuts'],
    ['new user', 'New user'],
    ['logout', 'Log out'],
    ['sign out', 'Log out'],
    ['gpu memory', 'GPU memory of instances'],
  ])('finds with %s in the palette first of all %s', async (query, label) => {
    const page = await open('/instances');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to, or do …' }).fill(query);
    const lines = page.getByRole('listbox', { name: 'Commands' }).getByRole('option');
    await lines.filter({ hasText: label }).first().waitFor();
    expect(await lines.first().textContent()).toContain(label);
  });

  it('finds users and keys by their names in the palette', async () => {
    await post('/api/keys', { name: 'laptop-editor', expires_at: '2090-01-31T00:00:00Z' });
    const page = await open('/instances');
    for (const [name, kind, tab] of [
      ['laptop-editor', 'key', 'Keys'],
      ['admin', 'user', 'Users'],
    ] as const) {
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Go to, or do …' }).fill(`${name} ${kind}`);
      await page.getByRole('option', { name }).first().waitFor();
      await page.keyboard.press('Enter');
      await page.getByRole('tab', { name: tab, selected: true }).waitFor();
    }
  });

  it('shows the last use of a key and its usage while the tab is open', async () => {
    const end = { expires_at: '2090-01-31T00:00:00Z' };
    const made = KeyCreatedSchema.parse(await post('/api/keys', { name: 'watched', ...end }));
    await stage.window.context.clock.install();
    const page = await open('/access');
    const row = page.getByRole('row', { name: /watched/ });
    await row.getByText('never', { exact: true }).waitFor();
    const headers = { authorization: `Bearer ${made.key}` };
    await fetch(`${stage.server.url}/v1/completions`, { method: 'POST', headers, body: '{"model":"nowhere"}' });
    await page.clock.fastForward(31_000);
    await row.getByText('never', { exact: true }).waitFor({ state: 'detached' });
    expect(await row.locator('time').allTextContents()).toContainEqual(expect.stringMatching(/\dm ago$/));
    await row.getByText('1 request', { exact: true }).waitFor();
  });

  it('finds a change in the audit trail by its path, and offers to clear filters that find nothing', async () => {
    await put('/api/config', { instances: { idle_timeout: '45m' } });
    await post('/api/instances/stop-all', { names: ['lost', 'gone'] });
    const page = await open('/access?tab=audit&target=idle_timeout');
    await page
      .getByRole('row', { name: /change settings/ })
      .first()
      .waitFor();
    await page.getByLabel('Target', { exact: true }).fill('nothing at all');
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.getByText('0 of 2 stopped').waitFor();
    expect(await page.getByLabel('Target', { exact: true }).inputValue()).toBe('');
  });

  it('leads an admin to the reason why the key of an app is refused', async () => {
    await post('/v1/chat/completions', { model: 'chat' }, 'llk_mistyped', 401);
    await stage.window.context.clock.install();
    const page = await open('/requests');
    const row = page.getByRole('row', { name: /127\.0\.0\.1/ });
    await row.getByText('refused · 401').first().waitFor();
    const made = KeyCreatedSchema.parse(await post('/api/keys', { name: 'dashboard', scopes: ['metrics'] }));
    await post('/v1/chat/completions', { model: 'chat' }, made.key, 403);
    await page.clock.fastForward(11_000);
    await page
      .getByRole('row', { name: /key: dashboard/ })
      .getByText('refused · 403')
      .waitFor();
    await row.first().click();
    const details = page.getByRole('dialog', { name: 'Request' });
    await details.getByText('UNAUTHORIZED').waitFor();
    await details.getByText('address:127.0.0.1').waitFor();
    await details.getByText('POST /v1/chat/completions').waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['dark'] as const))(
    'has no barriers in %s on a phone',
    async (colorScheme) => {
      await stage.reopen({ colorScheme, viewport: PHONE });
      const page = await open('/access');
      for (const tab of ['Users', 'Usage', 'Audit', 'My account', 'Keys']) {
        await page.getByRole('tab', { name: tab }).click();
        await page.getByRole('tabpanel', { name: tab }).waitFor();
        expect(await barriersOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
      }
    },
  );

  it.each([
    ['Keys', 'More for phone-key-of-a-colleague'],
    ['Users', 'More for annemarie.schwarzenegger'],
    ['My account', 'End'],
  ])('has the last button of each row within a phone: %s', async (tab, button) => {
    await stage.reopen({
      locale: 'en-US',
      viewport: PHONE,
      hasTouch: true,
      isMobile: true,
    });
    const limits = { tokens_per_minute: 50_000, requests_per_minute: 600 };
    if (tab === 'Keys') {
      const body = { name: 'phone-key-of-a-colleague', scopes: ['inference', 'metrics', 'operator'], ...limits };
      await post('/api/keys', { ...body, expires_at: '2090-01-31T00:00:00Z' });
    }
    if (tab === 'Users') {
      const body = { username: 'annemarie.schwarzenegger', password: 'a long password', role: 'operator', ...limits };
      await post('/api/users', body);
    }
    const page = await open('/access');
    await page.getByRole('tab', { name: tab }).click();
    const last = page.getByRole('row').getByRole('button', { name: button, exact: true }).first();
    const { x, width } = (await last.boundingBox()) ?? { x: Number.NaN, width: 0 };
    expect(x + width).toBeLessThanOrEqual(PHONE.width);
    expect(await barriersOf(page)).toEqual([]);
  });

  it('opens the menu of a key on a phone', async () => {
    await stage.reopen({ viewport: PHONE, hasTouch: true, isMobile: true });
    const page = await open('/access');
    await page.getByRole('button', { name: 'More for phone-key-of-a-colleague' }).tap();
    await page.getByRole('menuitem', { name: 'Revoke' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).tap();
    await page.getByRole('row', { name: /phone-key-of-a-colleague/ }).waitFor({ state: 'detached' });
  });
});

describe.skipIf(HAS_NO_BROWSER)('a viewer', () => {
  it('sees no button and no tab that the role forbids', async () => {
    const page = await open('/access', 'ada', 'a long password');
    await page.getByRole('tab', { name: 'My account' }).waitFor();
    const tabs = await page.getByRole('tab').allTextContents();
    expect(tabs).toEqual(['Keys', 'Usage', 'My account']);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to, or do …' }).fill('access');
    await page.getByRole('option', { name: 'My account' }).waitFor();
    expect(await page.getByRole('option', { name: /Users|Audit/ }).count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.getByRole('tab', { name: 'Usage' }).click();
    await page.getByText('No key was used in this time').waitFor();
    expect(await page.getByRole('radiogroup', { name: 'Usage by' }).getByRole('radio').count()).toBe(2);
    const places = page.getByRole('navigation', { name: 'Places' }).first();
    const shown = await places.getByRole('link').allTextContents();
    expect(shown).toEqual(['Instances', 'Models', 'Requests', 'System', 'Access']);
    await places.getByRole('link', { name: 'Models' }).click();
    await page.getByText('No model is on this machine').waitFor();
    expect(await page.locator('main').getByRole('button').count()).toBe(0);
    await places.getByRole('link', { name: 'System' }).click();
    await page.getByRole('tab', { name: 'Machine', exact: true }).waitFor();
    const ofSystem = await page.getByRole('tab').allTextContents();
    expect(ofSystem.map((tab) => tab.replace(/ \d+$/, ''))).toEqual(['Machine', 'Alerts']);
    await places.getByRole('link', { name: 'Requests' }).click();
    await page.getByRole('heading', { name: 'Requests', exact: true }).waitFor();
    await page.evaluate("location.hash = '/settings'");
    await page.getByText('It needs the role admin.').waitFor();
    expect(await page.getByRole('tab').count()).toBe(0);
    for (const [place, tab] of [
      ['Access', 'audit'],
      ['Access', 'users'],
      ['System', 'doctor'],
      ['System', 'log'],
    ] as const) {
      await page.evaluate(`location.hash = '/${place.toLowerCase()}?tab=${tab}'`);
      await page.getByRole('heading', { name: place, level: 1 }).waitFor();
      await page.getByText('It needs the role admin.').waitFor();
    }
    // The empty usage names no choice that a viewer does not have.
    await page.evaluate("location.hash = '/access?tab=usage'");
    await page.getByText('Requests without a key, such as chats on this page, are under Instance.').waitFor();
  });

  it('reads what it lacks for a new instance, and the way back', async () => {
    const page = await open('/instances/new', 'ada', 'a long password');
    for (const address of ['/new', '/instances/new']) {
      await page.evaluate(`location.hash = '${address}'`);
      await page.getByText('It needs the role admin.').waitFor();
      await page.getByText('You are ada, with the role viewer.').waitFor();
      expect(await page.getByRole('textbox').count()).toBe(0);
    }
    await page.getByRole('link', { name: 'To the instances' }).click();
    await page.waitForURL(/#\/instances$/);
  });

  it('leaves a forbidden page by its link', async () => {
    await post('/api/instances', { name: 'seen', model_path: await testModel() });
    const page = await open('/playground', 'ada', 'a long password');
    await page.getByText('It needs the role operator.').waitFor();
    await page.getByRole('link', { name: 'To the instances' }).click();
    await page.getByRole('heading', { name: 'Instances', level: 1 }).waitFor();
    expect(page.url()).toMatch(/#\/instances$/);
  });

  it('makes a key with the rights of a viewer, and is not sent to make one that may call', async () => {
    const page = await open('/access', 'ada', 'a long password');
    await page.getByRole('button', { name: 'New key' }).first().click();
    const form = page.getByRole('dialog', { name: 'New key' });
    await form.getByLabel('Name').waitFor();
    expect(await form.getByRole('checkbox').count()).toBe(1);
    expect(await form.getByLabel('Owner').count()).toBe(0);
    await form.getByLabel('Name').fill('scraper');
    expect(await barriersOf(page)).toEqual([]);
    await form.getByRole('button', { name: 'Make key' }).click();
    await page.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('row', { name: /scraper.*read figures/ }).waitFor();
    await page.evaluate("location.hash = '/instances/chat?tab=use'");
    await page.getByText('Your role may not call models.').waitFor();
    expect(await page.getByRole('link', { name: 'Make a key' }).count()).toBe(0);
  });
});
