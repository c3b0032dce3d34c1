import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../../scripts/test-assets.ts';
import { barriersOf, HAS_NO_BROWSER, overflowOf, PHONE, Window } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The page of one instance in a real browser, on the real server with the real engine. */

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-page-'));
});
afterAll(() => rm(folder, { recursive: true }));

const stage = pageStage();

beforeAll(() => create('chat'));

async function create(name: string, settings: Record<string, unknown> = {}): Promise<void> {
  const body = { name, model_path: await testModel(), options: { ctx_size: 512 }, auto_restart: false, ...settings };
  const answer = await stage.server.call('POST', '/api/instances', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
}

const header = (page: Page): Locator => page.getByRole('banner').or(page.locator('header')).first();
const button = (page: Page, name: string): Locator => header(page).getByRole('button', { name, exact: true });
const isIn = async (page: Page, status: string): Promise<void> =>
  header(page).getByText(status, { exact: true }).waitFor();
/** Whether an element has the focus. */
const isFocused = (element: Locator): Promise<boolean> =>
  element.evaluate((found: { matches(selector: string): boolean }) => found.matches(':focus'));
const log = (page: Page): Locator => page.getByRole('region', { name: 'Lines of the log' });

/** Makes the engine write lines, and starts it before if it is stopped. */
async function ask(): Promise<void> {
  const body = { model: 'chat', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 8 };
  expect((await stage.server.call('POST', '/v1/chat/completions', body)).status).toBe(200);
}

/** Whether a button has the look of the main one. */
const isMain = (of: Locator): Promise<boolean> =>
  of.evaluate(({ className }: { className: string }) => className.split(' ').includes('bg-accent'));

const LOG = `document.querySelector('[role="region"][aria-label="Lines of the log"]')`;

/** Pixels below the lines that can be seen. */
async function restOf(page: Page): Promise<number> {
  return page.evaluate<number>(`${LOG}.scrollHeight - ${LOG}.clientHeight - ${LOG}.scrollTop`);
}

/** The `seq` of the first line that can be seen. */
async function firstLine(page: Page): Promise<number> {
  return page.evaluate<number>(`
    Number([...${LOG}.querySelectorAll('[data-seq]')].find(
      (line) => line.getBoundingClientRect().top >= ${LOG}.getBoundingClientRect().top - 1,
    ).dataset.seq)`);
}

describe.skipIf(HAS_NO_BROWSER)('an instance whose model file goes away', () => {
  it('says at once why a start is refused, and no longer that a request starts it', async () => {
    stage.window.allow(/ 4\d\d |status of 4/);
    const file = path.join(folder, 'moved.gguf');
    await copyFile(await testModel(), file);
    await create('moved', { model_path: file });
    const page = await stage.window.tab(stage.server.url, '/instances/moved');
    await header(page).getByText('The next request starts it.').waitFor();
    await rm(file);
    await button(page, 'Start').click();
    await page.getByRole('region', { name: 'Why', exact: true }).getByText('cannot be started').waitFor();
    await header(page).getByText('The next request starts it.').waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Events' }).click();
    const refusal = page.getByRole('row').filter({ hasText: 'start refused' });
    await refusal.getByText(`the model file ${file} does not exist`).waitFor();
    await refusal.getByText('by a command').waitFor();
  });
});

describe.skipIf(HAS_NO_BROWSER)('one instance', () => {
  it('is started, restarted and stopped from its header', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat');
    await isIn(page, 'stopped');
    await button(page, 'Start').click();
    await isIn(page, 'running');
    const before = (await stage.server.call('GET', '/api/instances/chat')).body['pid'];
    await button(page, 'Restart').click();
    await expect
      .poll(async () => (await stage.server.call('GET', '/api/instances/chat')).body['pid'] ?? before)
      .not.toBe(before);
    await isIn(page, 'running');
    await button(page, 'Stop').click();
    await isIn(page, 'stopped');
  });

  it('takes at most six requests to open, and no more while it rests', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat');
    await page.getByRole('heading', { name: 'Facts' }).waitFor();
    await page.getByText('llama_cpp').waitFor();
    // The list, the machine, its alerts and the caller are those of every page.
    const own = stage.window.requests.filter(({ path: each }) => each.startsWith('/api/instances/'));
    expect(own.length).toBeLessThanOrEqual(4);
    expect(stage.window.requests.length).toBeLessThanOrEqual(8);
  });

  it('has no barriers on any tab, light and dark, wide and narrow, and is never wider than its window', async () => {
    for (const [colorScheme, viewport] of [
      ['light', undefined],
      ['dark', PHONE],
    ] as const) {
      const look = await Window.open(stage.browser, stage.server.url, {
        colorScheme,
        ...(viewport === undefined ? {} : { viewport }),
      });
      const page = await look.tab(stage.server.url, '/instances/chat');
      for (const tab of ['Overview', 'Logs', 'Requests', 'Settings', 'Events', 'Use it']) {
        await page.getByRole('tab', { name: tab }).click();
        await page.getByRole('tabpanel').locator(':scope > *').first().waitFor();
        expect(await barriersOf(page), `${tab}, ${colorScheme}`).toEqual([]);
        expect(await overflowOf(page), `${tab}, ${colorScheme}`).toBe(0);
      }
      expect(look.complaints).toEqual([]);
      await look.close();
    }
  });

  it('is not there: the page says so, with the way back', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/nobody');
    await page.getByText('There is no instance nobody').waitFor();
    await page.getByRole('link', { name: 'To the instances' }).waitFor();
  });

  it('gets another name, and keeps its page', async () => {
    await create('old-name');
    const page = await stage.window.tab(stage.server.url, '/instances/old-name');
    await page.getByRole('button', { name: 'More for old-name' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await page.getByLabel('New name').fill('new-name');
    await page.getByRole('button', { name: 'Rename', exact: true }).click();
    await page.waitForURL(/#\/instances\/new-name/);
    await page.getByRole('heading', { name: 'new-name' }).waitFor();
    await page.getByRole('tab', { name: 'Events' }).click();
    await page.getByText('renamed, before old-name').waitFor();
  });
});

describe.skipIf(HAS_NO_BROWSER)('one instance by keys', () => {
  it('keeps the focus on each page, is saved and started, and is deleted after a question', async () => {
    await create('keyed', { extra_args: ['--no-such-flag'] });
    const page = await stage.window.tab(stage.server.url, '/instances/keyed');
    await button(page, 'Start').waitFor();
    await page.keyboard.press('e');
    const heading = (name: string): Locator => page.getByRole('heading', { level: 1, name });
    await expect.poll(() => isFocused(heading('Edit keyed'))).toBe(true);
    await page.getByLabel('Further arguments').fill('');
    await page.getByRole('button', { name: 'Save and start' }).and(page.locator(':enabled')).waitFor();
    await page.keyboard.press('Control+Shift+Enter');
    await expect.poll(() => isFocused(heading('keyed'))).toBe(true);
    await isIn(page, 'running');
    await page.getByRole('tab', { name: 'Overview' }).evaluate((tab: { blur(): void }) => tab.blur());
    await page.keyboard.press('l');
    await log(page).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('model');
    await page.keyboard.press('Escape');
    await expect.poll(() => isFocused(log(page))).toBe(true);
    await page.keyboard.press('?');
    const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    for (const name of ['Chat', 'Delete']) await keys.getByText(name, { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('c');
    await expect.poll(() => isFocused(page.getByRole('textbox', { name: 'Message' }))).toBe(true);
    await page.goBack();
    await isIn(page, 'running');
    await button(page, 'Stop').press('Enter');
    await isIn(page, 'stopped');
    await expect.poll(() => isFocused(button(page, 'Start'))).toBe(true);
    await page.keyboard.press('Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(/#\/instances$/);
    await expect.poll(() => isFocused(heading('Instances'))).toBe(true);
  });
});

describe.skipIf(HAS_NO_BROWSER)('one instance on a phone', () => {
  it('has Chat and Edit in its header, and leaves the screen to the lines of its log, with their times', async () => {
    await ask();
    const phone = await Window.open(stage.browser, stage.server.url, {
      viewport: PHONE,
      hasTouch: true,
      isMobile: true,
    });
    const page = await phone.tab(stage.server.url, '/instances/chat?tab=logs');
    for (const name of ['Chat', 'Restart', 'Stop', 'Edit']) await button(page, name).waitFor();
    const tools = page.getByRole('toolbar', { name: 'Log' });
    expect((await tools.boundingBox())?.height).toBeLessThanOrEqual(64);
    const time = log(page).locator('[data-seq] time').last();
    expect(await time.innerText()).toMatch(/^\d\d:\d\d$/);
    const isCut = `${LOG}.scrollWidth > ${LOG}.clientWidth`;
    expect(await page.evaluate<boolean>(isCut)).toBe(false);
    await tools.getByRole('button', { name: 'Level and tools' }).click();
    const wrap = page.getByRole('menuitemcheckbox', { name: 'Wrap long lines' });
    await wrap.waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await wrap.click();
    await expect.poll(() => page.evaluate<boolean>(isCut)).toBe(true);
    expect(phone.complaints).toEqual([]);
    await phone.close();
  });
});

describe.skipIf(HAS_NO_BROWSER)('an instance that is deleted on its own page', () => {
  it('leads to the list, which says that it is gone', async () => {
    await create('passing');
    const page = await stage.window.tab(stage.server.url, '/instances/passing');
    await button(page, 'More for passing').click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(/#\/instances$/);
    await page.getByRole('status').filter({ hasText: 'passing is deleted.' }).waitFor();
    await page.getByRole('heading', { name: 'Instances' }).waitFor();
  });
});

describe.skipIf(HAS_NO_BROWSER)('its events', () => {
  const event = (page: Page, what: string): Locator => page.getByRole('row').filter({ hasText: what });

  it('say what happened, and who or what wanted it', async () => {
    await create('eventful');
    await stage.server.call('POST', '/api/instances/eventful/start?wait=true');
    const page = await stage.window.tab(stage.server.url, '/instances/eventful?tab=events');
    await event(page, 'starting').getByText('by a command').waitFor();
    await stage.server.call('POST', '/api/instances/eventful/stop?wait=true');
    await event(page, 'stopped').waitFor();
    const body = { model: 'eventful', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 1 };
    expect((await stage.server.call('POST', '/v1/chat/completions', body)).status).toBe(200);
    await event(page, 'starting').getByText('for a request').waitFor();
    await event(page, 'starting').getByText('by a command').waitFor();
    await stage.server.call('PUT', '/api/instances/eventful', { options: { threads: 1 } });
    await event(page, 'settings changed').getByText('threads default → 1').waitFor();
    await stage.server.call('PUT', '/api/instances/eventful', {
      options: { threads: 2 },
      environment: { HF_TOKEN: 'quiet' },
    });
    await event(page, 'threads 1 → 2').getByText('environment.HF_TOKEN').waitFor();
    expect(await event(page, 'quiet').count()).toBe(0);
    expect(await barriersOf(page)).toEqual([]);
    await stage.server.call('POST', '/api/instances/eventful/stop?wait=true');
  });

  it('name an alert in the language of the reader', async () => {
    await create('alarming', { options: { ctx_size: 512, override_kv: 'nonsense' } });
    await stage.server.call('POST', '/api/instances/alarming/start?wait=true');
    const page = await stage.window.tab(stage.server.url, '/instances/alarming?tab=events');
    await event(page, 'alert: instance failed').getByText('override-kv').waitFor();
    const german = await Window.open(stage.browser, stage.server.url, { locale: 'de-DE' });
    const site = await german.tab(stage.server.url, '/instances/alarming?tab=events');
    await event(site, 'Warnung: Instanz gescheitert').getByText('override-kv').waitFor();
    expect(german.complaints).toEqual([]);
    await german.close();
  });
});

describe.skipIf(HAS_NO_BROWSER)('why it does not run', () => {
  const panel = (page: Page): Locator => page.getByRole('region', { name: 'Why' });

  it('a missing file: the sentence, and a start that works once the file is back', async () => {
    const file = path.join(folder, 'late.gguf');
    await create('late', { model_path: file });
    const page = await stage.window.tab(stage.server.url, '/instances/late');
    await panel(page).getByText(`the model file ${file} does not exist`).waitFor();
    await panel(page).getByText('model missing').waitFor();
    await stage.server.call('POST', '/api/instances/late/start');
    await isIn(page, 'cannot start');
    // The remedy is the main button, and another start is none.
    await expect.poll(() => isMain(panel(page).getByRole('button', { name: 'Choose another model file' }))).toBe(true);
    expect(await isMain(button(page, 'Start'))).toBe(false);
    expect(await barriersOf(page)).toEqual([]);
    await copyFile(await testModel(), file);
    await panel(page).getByRole('button', { name: 'Start it' }).click();
    await isIn(page, 'running');
    await panel(page).waitFor({ state: 'detached' });
    await button(page, 'Stop').click();
    await isIn(page, 'stopped');
  });

  it('a refused argument: its repair is the main button, and a start is none', async () => {
    await create('mistaken', { extra_args: ['--override-kv', 'foo=bar'] });
    await stage.server.call('POST', '/api/instances/mistaken/start?wait=true');
    const page = await stage.window.tab(stage.server.url, '/instances/mistaken');
    const repair = panel(page).getByRole('button', { name: 'Correct its further arguments' });
    await expect.poll(() => isMain(repair)).toBe(true);
    expect(await isMain(button(page, 'Start'))).toBe(false);
  });

  it('a port that is in use, and then the memory: the second try closes the error of the first', async () => {
    stage.window.allow(/409/);
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await create('crowded', { port, options: { ctx_size: 99_999_999 } });
    const page = await stage.window.tab(stage.server.url, '/instances/crowded');
    await button(page, 'Start').click();
    const message = (text: string): Locator => page.getByRole('status').filter({ hasText: text });
    await message(`Port ${port} is in use`).waitFor();
    await panel(page).getByRole('button', { name: 'Let llamactl choose a free port, then start' }).click();
    await message('can get at most').waitFor();
    expect(await message(`Port ${port} is in use`).count()).toBe(0);
    other.close();
    await stage.server.call('PUT', '/api/instances/crowded', { options: { ctx_size: 512 } });
    await message('can get at most').waitFor({ state: 'detached' });
  });

  it('an argument that the engine does not know: a step leads to its field', async () => {
    await create('odd', { extra_args: ['--foo-bar 1'] });
    await stage.server.call('POST', '/api/instances/odd/start');
    const page = await stage.window.tab(stage.server.url, '/instances/odd');
    await panel(page).getByRole('button', { name: 'Correct its further arguments' }).click();
    await page.waitForURL(/edit\?field=extra_args$/);
    const field = page.getByLabel('Further arguments');
    await expect.poll(() => isFocused(field)).toBe(true);
  });

  it('a bad option: one press removes it and starts the instance', async () => {
    await create('bad', { options: { ctx_size: 512, override_kv: 'nonsense' } });
    await stage.server.call('POST', '/api/instances/bad/start');
    const page = await stage.window.tab(stage.server.url, '/instances/bad');
    await isIn(page, 'failed');
    await panel(page)
      .getByText(/argument --override-kv/)
      .first()
      .waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await panel(page).getByRole('button', { name: 'Show the line' }).click();
    // The rules of the run come later, and go between the lines.
    await log(page).getByText('failed', { exact: true }).waitFor();
    const marked = log(page).locator('[aria-current=true]');
    expect(await marked.textContent()).toMatch(/override/);
    await panel(page).getByRole('button', { name: 'Remove the option override_kv, then start' }).click();
    await isIn(page, 'running');
    await panel(page).waitFor({ state: 'detached' });
    await button(page, 'Stop').click();
    await isIn(page, 'stopped');
  });

  it('waits for a restart after a change of its settings, and gets one from there', async () => {
    await stage.server.call('POST', '/api/instances/chat/start');
    const page = await stage.window.tab(stage.server.url, '/instances/chat?tab=settings');
    await isIn(page, 'running');
    await stage.server.call('PUT', '/api/instances/chat', { options: { ctx_size: 1024 } });
    await panel(page).getByRole('button', { name: 'Restart it to apply them' }).click();
    await panel(page).waitFor({ state: 'detached' });
    await page.getByRole('region', { name: 'Options of the engine' }).getByText('1024').waitFor();
  });
});

describe.skipIf(HAS_NO_BROWSER)('its log', () => {
  beforeAll(async () => {
    for (let count = 0; count < 5; count += 1) await ask();
  });

  it('follows new lines, and keeps its place when the reader scrolls up', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat?tab=logs');
    await log(page).getByText('all slots are idle').last().waitFor();
    await expect.poll(() => restOf(page)).toBeLessThan(2);
    await ask();
    await expect.poll(() => restOf(page)).toBeLessThan(2);
    await log(page).hover();
    await page.mouse.wheel(0, -400);
    await page.getByRole('button', { name: 'To the end' }).waitFor();
    const before = await firstLine(page);
    await ask();
    await page.getByRole('button', { name: /new lines/ }).waitFor();
    expect(await firstLine(page)).toBe(before);
    await page.getByRole('button', { name: /new lines/ }).click();
    await expect.poll(() => restOf(page)).toBeLessThan(2);
  });

  it('has a rule where a run begins', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat?tab=logs');
    await log(page).getByText('all slots are idle').last().waitFor();
    await log(page).focus();
    // Older lines come when the begin is near, and move nothing.
    const marks = async (): Promise<number> => {
      await page.keyboard.press('Control+Home');
      return log(page).getByText('starts', { exact: true }).count();
    };
    await expect.poll(marks).toBeGreaterThan(0);
  });

  it('is searched with Ctrl+F: a count, the first match in sight while one types, and the next one', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat?tab=logs');
    await log(page).getByText('all slots are idle').last().waitFor();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('SLOTS ARE IDLE');
    const status = page.getByRole('status').filter({ hasText: /\d+ of \d+/ });
    await expect.poll(async () => status.textContent()).toMatch(/^[1-9]\d* of [1-9]\d*$/);
    await log(page).locator('mark').first().waitFor();
    const first = await status.textContent();
    await page.keyboard.press('Enter');
    await expect.poll(async () => status.textContent()).not.toBe(first);
    await page.keyboard.press('Escape');
    await log(page).locator('mark').first().waitFor({ state: 'detached' });
  });

  it('goes to a line that was found in the whole log, also a second time', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat?tab=logs');
    await log(page).getByText('all slots are idle').last().waitFor();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('slots are idle');
    await page.getByRole('button', { name: 'Search the whole log' }).click();
    const found = page.getByRole('region', { name: 'Search in the whole log' }).getByRole('listitem');
    // The oldest one, far from the end.
    const oldest = found.last().getByRole('button');
    const before = await firstLine(page);
    await oldest.click();
    // The search alone may have left the end already.
    await expect.poll(async () => firstLine(page)).toBeLessThan(before);
    const place = await firstLine(page);
    await log(page).focus();
    await page.keyboard.press('Control+End');
    await expect.poll(async () => restOf(page)).toBeLessThan(20);
    await oldest.click();
    await expect.poll(async () => firstLine(page)).toBe(place);
  });

  it('shows only warnings with the key 3, and remembers it', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat?tab=logs');
    await log(page).getByTitle('debug').first().waitFor();
    await page.keyboard.press('3');
    await expect.poll(async () => log(page).getByTitle('debug').count()).toBe(0);
    await page.reload();
    await page.getByLabel('Level').waitFor();
    expect(await page.getByLabel('Level').inputValue()).toBe('warn');
    await page.keyboard.press('1');
    await log(page).getByTitle('debug').first().waitFor();
  });

  it('is wrapped with the key w: nothing is cut on the right', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat?tab=logs');
    await log(page).getByText('all slots are idle').last().waitFor();
    const cut = (): Promise<boolean> => page.evaluate<boolean>(`${LOG}.scrollWidth > ${LOG}.clientWidth`);
    expect(await cut()).toBe(true);
    await page.keyboard.press('w');
    await expect.poll(cut).toBe(false);
    await page.keyboard.press('w');
  });

  it('is downloaded as a file', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat?tab=logs');
    await log(page).waitFor();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download the log' }).click(),
    ]);
    expect(file.suggestedFilename()).toBe('chat.log');
  });
});

describe.skipIf(HAS_NO_BROWSER)('its figures', () => {
  it('are charts with words, a cursor for keys, and a table', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances/chat');
    const memory = page.getByRole('region', { name: 'Memory', exact: true });
    const drawing = memory.getByRole('img', { name: /RAM: now .* MiB, highest/ });
    await drawing.waitFor();
    await memory.getByRole('group', { name: /^Memory/ }).focus();
    await page.keyboard.press('ArrowLeft');
    await memory.getByText(/^\d\d:\d\d:\d\d$/).waitFor();
    await page
      .getByRole('region', { name: 'CPU' })
      .getByText(/^\d\d:\d\d:\d\d$/)
      .waitFor();
    await memory.getByText('as a table').click();
    await memory.getByRole('row').nth(1).waitFor();
    await page.getByRole('radio', { name: '24 h' }).check({ force: true });
    await drawing.waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });
});
