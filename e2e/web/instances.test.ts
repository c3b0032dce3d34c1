import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { testModel } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { reload } from '../reloads.ts';
import { ServerProcess } from '../server-process.ts';
import { barriersOf, HAS_NO_BROWSER, overflowOf, PHONE, Window } from './open-page.ts';
import { pageStage } from './page-stage.ts';

/** The list of instances in a real browser, on the real server with the real engine. */

const stage = pageStage('groups: { big: { max_running: 1, pinned: true } }\n');

const row = (page: Page, name: string) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });

async function create(name: string, settings: Record<string, unknown> = {}): Promise<void> {
  const body = { name, model_path: await testModel(), options: { ctx_size: 512 }, ...settings };
  const answer = await stage.server.call('POST', '/api/instances', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
}

describe.skipIf(HAS_NO_BROWSER)('a server without instances', () => {
  it('gets its first one from a path, started and ready to chat', async () => {
    const page = await stage.window.tab(stage.server.url);
    await page.getByRole('heading', { name: 'Nothing runs here yet' }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.getByLabel('Path of a model file').fill(await testModel());
    await page.getByRole('button', { name: 'Create and start' }).click();
    await page.waitForURL(/#\/playground\?instance=/);
    await page.getByRole('link', { name: 'Instances' }).click();
    await row(page, 'demo-model').getByText('running').waitFor();
  });
});

describe.skipIf(HAS_NO_BROWSER)('the list of instances', () => {
  beforeAll(async () => {
    await create('chat', { group: 'big' });
    await create('embed', { aliases: ['vectors'] });
    await create('missing', { model_path: '/nowhere/model.gguf' });
  });

  it.runIf(isLong)('takes five requests to open', async () => {
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    expect(stage.window.requests.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      'GET /api/instances',
      'GET /api/me',
      'GET /api/models/downloads',
      'GET /api/system/alerts',
      'GET /api/system/status',
    ]);
  });

  it('starts and stops an instance by keys, shows each status as it comes, and offers to start it again', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances?q=chat');
    await row(page, 'chat').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('s');
    await row(page, 'chat').getByText('running').waitFor();
    await page.keyboard.press('s');
    const message = page.getByRole('status').filter({ hasText: 'chat is stopped. The next request starts it.' });
    await message.getByRole('button', { name: 'Start again' }).click();
    await row(page, 'chat').getByText('running').waitFor();
    await page.keyboard.press('s');
    await row(page, 'chat').getByText('stopped').waitFor();
  });

  it('cuts long names in the middle, so that their ends tell them apart', async () => {
    const names = ['mistral-small-24b-instruct-2501-q5-prod', 'mistral-small-24b-instruct-2501-q5-batch'];
    for (const name of names) await create(name);
    const own = await Window.open(stage.browser, stage.server.url, { viewport: PHONE });
    const page = await own.tab(stage.server.url, '/instances?q=mistral');
    for (const name of names) {
      const end = await page.getByText(name.slice(-10), { exact: true }).boundingBox();
      expect(end?.width).toBeGreaterThan(40);
      expect((end?.x ?? Infinity) + (end?.width ?? 0)).toBeLessThan(PHONE.width);
      await page.getByRole('link', { name: new RegExp(`^${name}`) }).waitFor();
      await stage.server.call('DELETE', `/api/instances/${name}`);
    }
    expect(own.complaints).toEqual([]);
    await own.close();
  });

  it('opens the first match from the search, and goes from there into the list', async () => {
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('x');
    await page.getByRole('toolbar', { name: '1 selected' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.keyboard.type('vec');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/instances\/embed/);
  });

  it('stays with the opened match while its page is on its way', async () => {
    await stage.window.context.clock.install();
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    const code = Promise.withResolvers<undefined>();
    await page.route(/\.js$/, async (route) => {
      await code.promise;
      await route.continue();
    });
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.keyboard.press('/');
    await page.keyboard.type('vec');
    await page.keyboard.press('Enter');
    await page.waitForURL(/#\/instances\/embed/);
    // The URL gets the words of a search a moment after the last key.
    await page.clock.runFor(1_000);
    code.resolve(undefined);
    await page.getByRole('heading', { name: 'embed' }).waitFor();
    expect(page.url()).toMatch(/#\/instances\/embed$/);
  });

  it('keeps selected rows that the search hides, says so, and names what it deletes', async () => {
    // The row of a stopped instance may be requested while the instance is deleted.
    stage.window.allow(/404/);
    for (const name of ['spare-1', 'spare-2']) await create(name, { aliases: [`other-${name}`] });
    await stage.server.call('POST', '/api/instances/spare-2/start?wait=true');
    const page = await stage.window.tab(stage.server.url);
    await page.getByLabel('Select embed').check();
    await page.getByRole('searchbox').fill('spare');
    await page.getByText('2 of 6 · 1 running').waitFor();
    await page.getByRole('toolbar', { name: '1 selected, 1 not shown' }).waitFor();
    await page.getByLabel('Select all').check();
    await page.getByRole('toolbar', { name: '3 selected, 1 not shown' }).waitFor();
    await page.getByRole('searchbox').fill('');
    await page.getByRole('toolbar', { name: /^3 selected$/ }).waitFor();
    await page.getByLabel('Select embed').uncheck();
    await page.getByRole('searchbox').fill('spare');
    await page.getByRole('toolbar', { name: '2 selected' }).getByRole('button', { name: 'Delete …' }).click();
    const question = page.getByRole('dialog', { name: 'Delete 2 instances?' });
    await question.getByText('One of them is running').waitFor();
    expect(await question.getByRole('listitem').allTextContents()).toEqual(['spare-2running', 'spare-1stopped']);
    expect(await barriersOf(page)).toEqual([]);
    await question.getByRole('button', { name: 'Stop and delete all 2' }).click();
    await page.getByRole('status').getByText('2 instances are deleted.').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await row(page, 'embed').waitFor();
    expect(await page.getByLabel('Select embed').isChecked()).toBe(false);
    await row(page, 'spare-1').waitFor({ state: 'detached' });
  });

  it('says how full a chosen group is, and shows who is pinned by it', async () => {
    const page = await stage.window.tab(stage.server.url, '/instances?group=big');
    await page.getByText('0 running · at most 1 · 1 in all · pinned').waitFor();
    await row(page, 'chat').getByLabel('Pinned by its group big').waitFor();
    await page.getByText('1 of 4 · 1 stopped').waitFor();
    expect(await barriersOf(page)).toEqual([]);
  });

  it('sorts amounts from the largest, and turns with the second click', async () => {
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    const column = page.getByRole('columnheader', { name: 'CPU' });
    for (const order of ['descending', 'ascending', 'descending']) {
      await column.getByRole('button').click();
      await page.locator(`[role=columnheader][aria-sort=${order}]`).getByText('CPU').waitFor();
    }
  });

  it('closes a menu and an error with the page that they belong to', async () => {
    stage.window.allow(/409/);
    await stage.window.context.clock.install();
    const page = await stage.window.tab(stage.server.url, '/system');
    await page.getByRole('link', { name: 'Instances' }).click();
    await row(page, 'missing').getByRole('button', { name: 'Start missing' }).click();
    const message = page.getByRole('status').filter({ hasText: '/nowhere/model.gguf' });
    await message.waitFor();
    await row(page, 'missing').getByText('cannot start').waitFor();
    await row(page, 'missing').getByText('the model file').waitFor();
    await row(page, 'missing').getByRole('button', { name: 'More for missing' }).click();
    await page.getByRole('menu').waitFor();
    // An error of the last second may belong to the next page.
    await page.clock.fastForward(1_001);
    await page.goBack();
    await page.getByRole('heading', { name: 'System' }).waitFor();
    await page.getByRole('menu').waitFor({ state: 'detached' });
    await message.waitFor({ state: 'detached' });
  });

  it('counts and filters instances that cannot start, also after a restart of llamactl without a start', async () => {
    stage.window.allow(/5\d\d|ERR_|WebSocket/);
    await stage.server.end('SIGTERM');
    await stage.server.start();
    const page = await stage.window.tab(stage.server.url);
    const alerts = page.getByRole('region', { name: 'Alerts' });
    await alerts.getByText('One instance with on_demand cannot start, so requests for it fail.').waitFor();
    await alerts.getByRole('link', { name: 'Show them' }).click();
    await page.waitForURL(/status=blocked/);
    await page.getByRole('link', { name: '1 cannot start' }).click();
    await page.waitForURL(/#\/instances$/);
    await page.getByRole('link', { name: '1 cannot start' }).click();
    await page.waitForURL(/status=blocked/);
    await row(page, 'missing').getByText('cannot start').waitFor();
    // The reason takes the columns that are empty without a process, and is not cut.
    const reason = row(page, 'missing').getByText('the model file /nowhere/model.gguf does not exist');
    expect(
      await reason.evaluate(
        (each: { scrollWidth: number; clientWidth: number }) => each.scrollWidth - each.clientWidth,
      ),
    ).toBe(0);
    await row(page, 'chat').waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: 'Status' }).selectOption('stopped');
    await row(page, 'chat').waitFor();
    await row(page, 'missing').waitFor({ state: 'detached' });
    expect(await barriersOf(page)).toEqual([]);
  });

  it('starts all of a group from its heading, and stops them from the palette', async () => {
    for (const name of ['pair-one', 'pair-two']) await create(name, { group: 'pair' });
    const page = await stage.window.tab(stage.server.url, '/instances?by=group');
    await page.getByRole('button', { name: 'Start all of group pair' }).click();
    for (const name of ['pair-one', 'pair-two']) await row(page, name).getByText('running').waitFor();
    await page.getByText('2 running · 2 in all').waitFor();
    expect(await page.getByRole('button', { name: 'Start all of group pair' }).isDisabled()).toBe(true);
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to, or do …' }).fill('pair group');
    await page.getByRole('option', { name: 'Stop all of group pair' }).click();
    for (const name of ['pair-one', 'pair-two']) await row(page, name).getByText('stopped').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to, or do …' }).fill('group pair');
    await page.getByRole('option', { name: 'pair Group' }).click();
    await page.waitForURL(/group=pair/);
    // It asks about what it shows, and a deleted instance answers 404.
    await page.close();
    for (const name of ['pair-one', 'pair-two']) await stage.server.call('DELETE', `/api/instances/${name}`);
  });

  it('keeps what is typed before the palette has come, and gives the focus back', async () => {
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    const held = Promise.withResolvers<undefined>();
    await page.route('**/open-palette*', async (route) => {
      await held.promise;
      await route.continue();
    });
    await page.getByRole('button', { name: 'Columns' }).focus();
    await page.keyboard.press('Control+k');
    await page.getByRole('textbox', { name: 'Go to, or do …' }).and(page.locator(':focus')).waitFor();
    await page.keyboard.type('embed');
    held.resolve(undefined);
    await page.getByRole('option', { name: 'Start embed' }).waitFor();
    expect(await page.getByRole('combobox', { name: 'Go to, or do …' }).inputValue()).toBe('embed');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Columns' }).and(page.locator(':focus')).waitFor();
    await page.reload();
    await row(page, 'chat').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.type('logs embed');
    await page.keyboard.press('Enter');
    await page.waitForURL(/embed\?tab=logs/);
  });

  it.runIf(isLong)('shows instances that another program makes, renames and deletes', async () => {
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    await create('passing');
    await row(page, 'passing').waitFor();
    await stage.server.call('POST', '/api/instances/passing/rename', { name: 'renamed' });
    await row(page, 'renamed').waitFor();
    await stage.server.call('DELETE', '/api/instances/renamed');
    await row(page, 'renamed').waitFor({ state: 'detached' });
  });

  it.runIf(isLong)('keeps search, filter and order in the URL', async () => {
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('vec');
    await row(page, 'chat').waitFor({ state: 'detached' });
    await row(page, 'embed').waitFor();
    await page.waitForURL(/q=vec/);
    await page.reload();
    await row(page, 'embed').waitFor();
    expect(await row(page, 'chat').count()).toBe(0);
    await page.keyboard.press('/');
    await page.keyboard.press('Escape');
    await row(page, 'chat').waitFor();
    await page.getByRole('button', { name: 'Name' }).click();
    await page.waitForURL(/order=down/);
    // The address changes before the rows.
    const names = page.getByRole('row').getByRole('link');
    await expect.poll(() => names.allTextContents()).toEqual(['missing', 'embed', 'demo-model', 'chat']);
  });

  it.runIf(isLong)('says why a start was refused, with the id of the request', async () => {
    stage.window.allow(/409/);
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'missing').getByRole('button', { name: 'Start missing' }).click();
    const message = page.getByRole('status').filter({ hasText: '/nowhere/model.gguf' });
    await message.waitFor();
    await message.getByRole('button', { name: 'Copy the request id' }).waitFor();
  });

  it('leads from a row to its chat with one click', async () => {
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').getByRole('button', { name: 'Chat with chat' }).click();
    await page.waitForURL(/#\/playground\?instance=chat/);
  });

  it('stops a selection of several in one request, and deletes one after a question', async () => {
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    for (const name of ['chat', 'embed']) await page.getByLabel(`Select ${name}`).check();
    const bar = page.getByRole('toolbar', { name: '2 selected' });
    await bar.getByRole('button', { name: 'Start', exact: true }).click();
    for (const name of ['chat', 'embed']) await row(page, name).getByText('running').waitFor();
    await bar.getByRole('button', { name: 'Stop' }).click();
    for (const name of ['chat', 'embed']) await row(page, name).getByText('stopped').waitFor();
    const commands = stage.window.requests.filter(({ method }) => method === 'POST').map(({ path }) => path);
    expect(commands).toEqual(['/api/instances/start-all', '/api/instances/stop-all']);
    await page.keyboard.press('Escape');
    await bar.waitFor({ state: 'detached' });
    await row(page, 'missing').getByRole('button', { name: 'More for missing' }).click();
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    const question = page.getByRole('dialog', { name: 'Delete missing?' });
    expect(await barriersOf(page)).toEqual([]);
    await question.getByRole('button', { name: 'Delete', exact: true }).click();
    await row(page, 'missing').waitFor({ state: 'detached' });
  });

  it.runIf(isLong)('finds and runs commands by words', async () => {
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    await page.keyboard.press('Control+k');
    for (const [text, found] of [
      ['fleet', 'Fleet: import and export'],
      ['idle', 'instances.idle_timeout'],
      ['reload', 'Reload llamactl'],
      ['vectors', 'embed'],
    ] as const) {
      await page.getByRole('combobox', { name: 'Go to, or do …' }).fill(text);
      await page.getByRole('option', { name: found }).first().waitFor();
    }
    await page.getByRole('combobox', { name: 'Go to, or do …' }).fill('start embed');
    await page.getByRole('option', { name: 'Start embed' }).waitFor();
    expect(await barriersOf(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await row(page, 'embed').getByText('running').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).getByText('Start or stop').waitFor();
    await page.keyboard.press('Escape');
  });

  it.each(isLong ? (['light', 'dark'] as const) : (['dark'] as const))(
    'has no barriers in %s, on a desk and on a phone',
    async (colorScheme) => {
      for (const viewport of [undefined, PHONE]) {
        const own = await Window.open(stage.browser, stage.server.url, {
          colorScheme,
          ...(viewport === undefined ? {} : { viewport }),
        });
        const page = await own.tab(stage.server.url);
        await page.getByRole('row').filter({ hasText: 'chat' }).waitFor();
        expect(await barriersOf(page)).toEqual([]);
        await page.getByRole('button', { name: 'More for chat' }).click();
        await page.getByRole('menu').waitFor();
        expect(await barriersOf(page)).toEqual([]);
        expect(await overflowOf(page)).toBe(0);
        expect(own.complaints).toEqual([]);
        await own.close();
      }
    },
  );
});

/** The computed value of a property. */
function styleOf(element: Locator, property: string): Promise<string> {
  return element.evaluate(
    (each: { computedStyleMap(): { get(name: string): unknown } }, name) => String(each.computedStyleMap().get(name)),
    property,
  );
}

describe.skipIf(HAS_NO_BROWSER)('colours that the reader has chosen', () => {
  it('show the row of the keys, selected rows, the chosen line of a menu and the chosen tab', async () => {
    await create('coloured');
    await create('other-one');
    const own = await Window.open(stage.browser, stage.server.url, { forcedColors: 'active' });
    const page = await own.tab(stage.server.url);
    const outlineOf = async (element: Locator): Promise<string> =>
      `${await styleOf(element, 'outline-width')} ${await styleOf(element, 'outline-style')}`;
    await page.getByLabel('Select coloured').check();
    expect(await outlineOf(row(page, 'coloured'))).toBe('1px dashed');
    expect(await outlineOf(row(page, 'other-one'))).toMatch(/none$/);
    await page.getByRole('grid').focus();
    await page.keyboard.press('Home');
    await expect.poll(() => outlineOf(page.locator('[role=row][data-current]'))).toBe('2px solid');
    await page.getByRole('button', { name: 'More for coloured' }).click();
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => outlineOf(page.locator('[data-highlighted]'))).toBe('2px solid');
    await page.keyboard.press('Escape');
    await row(page, 'coloured').getByRole('link').click();
    const edgeOf = (name: string): Promise<string> => styleOf(page.getByRole('tab', { name }), 'border-bottom-color');
    await page.getByRole('tab', { name: 'Logs' }).waitFor();
    expect(await edgeOf('Overview')).not.toBe(await edgeOf('Logs'));
    expect(await barriersOf(page)).toEqual([]);
    expect(own.complaints).toEqual([]);
    await own.close();
  });
});

describe.skipIf(HAS_NO_BROWSER)('large text and small windows', () => {
  it.runIf(isLong).each([
    ['at 320 px', { viewport: { width: 320, height: 640 } }, 16],
    ['at 820 px', { viewport: { width: 820, height: 1180 } }, 16],
    ['with text of 200 %', {}, 32],
  ])('cut nothing %s', async (_case, options, size) => {
    const own = await Window.open(stage.browser, stage.server.url, options);
    const page = await own.tab(stage.server.url);
    const tools = await own.context.newCDPSession(page);
    await tools.send('Page.setFontSizes', { fontSizes: { standard: size } });
    await page.reload();
    await page.getByRole('row').filter({ hasText: 'chat' }).waitFor();
    expect(await page.evaluate<string>('getComputedStyle(document.documentElement).fontSize')).toBe(`${size}px`);
    expect(await overflowOf(page)).toBe(0);
    const cut = await page.evaluate<string[]>(`[...document.querySelectorAll('[role=row] *, header *, nav *')]
      .filter((element) => element.closest('.sr-only') === null)
      .filter((element) => element.scrollHeight > element.clientHeight + 2 && getComputedStyle(element).overflowY === 'hidden')
      .map((element) => element.outerHTML.slice(0, 200))`);
    expect(cut).toEqual([]);
    expect(own.complaints).toEqual([]);
    await own.close();
  });
});

describe.skipIf(HAS_NO_BROWSER)('a server that is gone for some time', () => {
  /** Complaints about a server that is killed, also in the middle of an answer. */
  const CUT = /WebSocket connection|ERR_CONNECTION_(?:REFUSED|RESET)|ERR_EMPTY_RESPONSE/;

  it('leaves pages whose charts cannot be drawn, with the values as a table', async () => {
    stage.window.allow(/ERR_FAILED/);
    const page = await stage.window.tab(stage.server.url, '/models');
    const visit = async (name: string): Promise<void> => {
      await page.getByRole('navigation').getByRole('link', { name }).click();
      await page.getByRole('heading', { name, level: 1 }).waitFor();
    };
    await visit('Requests');
    // The page has reloaded a moment ago, so it does not try that again.
    await page.evaluate("sessionStorage.setItem('llamactl.reloaded-at', String(Date.now()))");
    await page.route(/chart-canvas.*\.js/, (route) => route.abort());
    const failure = page.waitForEvent('requestfailed', (request) => request.url().includes('chart-canvas'));
    await visit('System');
    await failure;
    await visit('Requests');
    await visit('System');
    await page.getByText('as a table').first().click();
    await page.getByRole('cell').first().waitFor();
  });

  it('leaves the list as it was, and is there again without a reload of the page', async () => {
    stage.window.allow(CUT);
    const page = await stage.window.tab(stage.server.url);
    await row(page, 'chat').waitFor();
    const form = await stage.window.tab(stage.server.url, '/instances/chat/edit');
    await form.getByRole('button', { name: 'Save', exact: true }).waitFor();
    const chat = await stage.window.tab(stage.server.url, '/playground?instance=chat');
    const message = chat.getByRole('textbox', { name: 'Message' });
    await message.fill('Kept until then');
    await stage.server.end('SIGKILL');
    await chat.getByText('You can send as soon as it does.').waitFor();
    await message.press('Enter');
    expect(await message.inputValue()).toBe('Kept until then');
    const whySaveWaits = form.getByText('You can save as soon as it does.');
    await whySaveWaits.waitFor();
    await page.getByText('Connection lost').waitFor();
    expect(await row(page, 'chat').count()).toBe(1);
    await expect.poll(() => page.getByRole('button', { name: 'Start chat' }).isDisabled()).toBe(true);
    await stage.server.start();
    const isBack = page.getByText('Connection lost').waitFor({ state: 'detached' });
    // On a busy machine the page tries by itself before the press, and the button is gone.
    await Promise.race([page.getByRole('button', { name: 'Now' }).click(), isBack]);
    await isBack;
    await whySaveWaits.waitFor({ state: 'detached' });
    await expect.poll(() => chat.getByRole('button', { name: 'Send' }).isEnabled()).toBe(true);
    await create('newer');
    await row(page, 'newer').waitFor();
  });

  it('shows a log that was opened meanwhile as soon as it is back', async () => {
    stage.window.allow(CUT);
    await create('logged');
    await stage.server.call('POST', '/api/instances/logged/start');
    // The first visit brings the code of the log.
    const page = await stage.window.tab(stage.server.url, '/instances/logged?tab=logs');
    await page.getByRole('region', { name: 'Lines of the log' }).waitFor();
    await page.getByRole('tab', { name: 'Overview' }).click();
    await stage.server.end('SIGKILL');
    await page.getByText('Connection lost').waitFor();
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.getByText('No answer from llamactl').waitFor();
    await stage.server.start();
    await page.getByRole('region', { name: 'Lines of the log' }).waitFor();
    await stage.server.call('POST', '/api/instances/logged/stop');
  });

  it('shows parts of the page that were never opened as soon as it is back, and does not reload the page', async () => {
    stage.window.allow(CUT);
    await create('unseen');
    await stage.server.call('POST', '/api/instances/unseen/start?wait=true');
    const page = await stage.window.tab(stage.server.url, '/instances/unseen');
    await page.getByRole('button', { name: 'More for unseen' }).waitFor();
    await page.evaluate('window.isSamePage = true');
    await stage.server.end('SIGKILL');
    await page.getByText('Connection lost').waitFor();
    await page.getByRole('button', { name: 'More for unseen' }).click();
    await page.getByRole('status').getByText('No answer from llamactl').waitFor();
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.getByRole('alert').getByText('No answer from llamactl').waitFor();
    await page.getByRole('heading', { name: 'unseen' }).waitFor();
    await stage.server.start();
    await page.getByRole('region', { name: 'Lines of the log' }).waitFor();
    await page.getByRole('button', { name: 'More for unseen' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).waitFor();
    await page.keyboard.press('Escape');
    await stage.server.end('SIGKILL');
    await page.getByText('Connection lost').waitFor();
    await page.getByRole('navigation').getByRole('link', { name: 'Requests' }).click();
    await page.getByRole('alert').getByText('No answer from llamactl').waitFor();
    await stage.server.start();
    await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor();
    expect(await page.evaluate('window.isSamePage')).toBe(true);
  });
});

describe.skipIf(HAS_NO_BROWSER)('a narrow desk', () => {
  beforeAll(async () => {
    await create('narrow-chat');
    await create('narrow-embed', { options: { ctx_size: 512, embeddings: true } });
  });

  it.each([1_280, 1_360, 1_400])(
    'of %d pixels shows all columns beside the buttons, which have their places',
    async (width) => {
      await stage.reopen({ viewport: { width, height: 800 } });
      const page = await stage.window.tab(stage.server.url);
      await page.getByRole('grid').getByRole('columnheader').last().waitFor();
      const fits = await page.getByRole('grid').evaluate(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth);
      expect(fits).toBe(true);
      const head = await page.getByRole('banner').or(page.locator('main header')).first().boundingBox();
      expect(head?.height).toBeLessThan(60);
      const buttons = await page.getByRole('button', { name: /^(Start|Stop) / }).all();
      const places = await Promise.all(buttons.map(async (button) => (await button.boundingBox())?.x));
      expect(places.length).toBeGreaterThan(1);
      expect(new Set(places).size).toBe(1);
    },
  );
});

describe.skipIf(HAS_NO_BROWSER)('a server that is replaced', () => {
  it('leaves a page with the names of models, which the new process has to find first', async () => {
    const replaced = await ServerProcess.create();
    await replaced.start();
    const own = await Window.open(stage.browser, replaced.url);
    own.allow(/ERR_|WebSocket/);
    try {
      const file = path.join(replaced.dataDirectory, 'models', 'known.gguf');
      await mkdir(path.dirname(file), { recursive: true });
      await copyFile(await testModel(), file);
      await replaced.call('POST', '/api/instances', { name: 'named', model_path: file });
      const page = await own.tab(replaced.url);
      const name = row(page, 'named').getByText('known', { exact: true });
      await name.waitFor();
      await reload(replaced);
      const models = async (): Promise<unknown> => (await replaced.call('GET', '/api/models')).body;
      await expect.poll(models, { timeout: 10_000 }).toMatchObject({ scanning: false });
      // Its row shows that the page has what came before.
      await replaced.call('POST', '/api/instances', { name: 'later', model_path: file });
      await row(page, 'later').waitFor();
      await name.waitFor();
      expect(own.complaints).toEqual([]);
    } finally {
      await own.close();
      await replaced.dispose();
    }
  });
});
