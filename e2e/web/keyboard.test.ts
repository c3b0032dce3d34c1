import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { testModel } from '../../scripts/test-assets.ts';
import { ServerProcess } from '../server-process.ts';
import { HAS_NO_BROWSER, startBrowser, Window } from './open-page.ts';

/** One whole use of the page without a pointer. */

let server: ServerProcess;
let browser: Browser;

beforeAll(async () => {
  server = await ServerProcess.create();
  await copyFile(await testModel(), path.join(server.home, 'demo-model.gguf'));
  await server.configure(`models: { dirs: [${JSON.stringify(server.home)}] }\n`);
  await server.start();
  const other = { name: 'other', model_path: await testModel(), options: { ctx_size: 512 } };
  expect((await server.call('POST', '/api/instances', other)).status).toBe(201);
  browser = await startBrowser();
});

afterAll(async () => {
  await browser.close();
  await server.dispose();
});

/** More stops of the Tab key than any page has. */
const MOST_STOPS = 60;

/** The focused element, also of an editor in its shadow root, and whether an outline of it or around it shows that. */
const FOCUS = `(() => {
  const host = document.activeElement;
  const element = host.shadowRoot?.activeElement ?? host;
  const around = [];
  for (let each = element; each !== null && each !== document.body && around.length < 4; each = each.parentElement) around.push(each);
  const isSeen = around.some((each) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 && each.getBoundingClientRect().width > 4;
  });
  return { name: element.outerHTML.slice(0, 200), isSeen };
})()`;

/** Waits until the reader sees which element has the focus: an editor draws its outline a moment later. */
async function seesFocus(page: Page): Promise<void> {
  await expect.poll(() => page.evaluate(FOCUS), { interval: 5 }).toMatchObject({ isSeen: true });
}

/** Whether an element has the focus. */
function hasFocus(element: Locator): Promise<boolean> {
  return element.evaluate((each: { matches(selector: string): boolean }) => each.matches(':focus'));
}

/** Waits until a part of an element has the focus. */
async function hasFocusWithin(element: Locator): Promise<void> {
  await expect
    .poll(() => element.evaluate((each: { matches(selector: string): boolean }) => each.matches(':focus-within')))
    .toBe(true);
}

/** Presses Tab until an element has the focus. Each stop on the way shows its focus. */
async function tabTo(page: Page, element: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await element.waitFor();
  for (let count = 0; count < MOST_STOPS; count += 1) {
    await page.keyboard.press(key);
    await seesFocus(page);
    if (await hasFocus(element)) return;
  }
  throw new Error(`the Tab key does not reach ${String(element)}`);
}

/** Waits until an element has the focus and shows it. */
async function isFocused(page: Page, element: Locator): Promise<void> {
  await expect.poll(() => hasFocus(element), { message: String(element) }).toBe(true);
  await seesFocus(page);
}

describe.skipIf(HAS_NO_BROWSER)('without a pointer', () => {
  it('an instance is made, started, asked, read, changed, restarted, stopped and deleted', async () => {
    const window = await Window.open(browser, server.url);
    const page = await window.tab(server.url);
    const button = (name: string): Locator => page.getByRole('button', { name, exact: true });
    const press = (key: string): Promise<void> => page.keyboard.press(key);
    const statusOf = async (): Promise<string> => (await server.instance('demo-model')).status;
    const link = (name: string): Locator => page.getByRole('row').getByRole('link', { name, exact: true });

    await link('other').waitFor();
    await press('n');
    await tabTo(page, page.getByRole('combobox', { name: 'Model' }));
    await page.keyboard.type('demo');
    await page.getByRole('option', { name: 'demo-model' }).waitFor();
    await press('Enter');
    await tabTo(page, page.getByLabel('ctx_size', { exact: true }));
    await page.keyboard.type('512');
    await page.getByRole('complementary').getByText('--ctx-size 512').waitFor();
    // Leaving asks first, and the answer "Stay" leads back.
    await tabTo(page, button('Cancel'), 'Shift+Tab');
    await press('Enter');
    await page.getByRole('dialog', { name: 'Leave without saving?' }).waitFor();
    await isFocused(page, button('Stay'));
    await seesFocus(page);
    await press('Escape');
    await isFocused(page, button('Cancel'));
    await tabTo(page, button('Save'));
    await press('Enter');
    await page.waitForURL(/#\/instances\/demo-model$/);

    await tabTo(page, button('Start'));
    await press('Enter');
    await isFocused(page, button('Stop'));

    await tabTo(page, button('Chat'), 'Shift+Tab');
    await press('Enter');
    await page.waitForURL(/#\/playground/);
    const message = page.getByRole('textbox', { name: 'Message' });
    if (!(await hasFocus(message))) await tabTo(page, message);
    await page.keyboard.type('Who are you?');
    await press('Enter');
    await page.getByRole('article', { name: 'demo-model' }).getByText(DEMO_SENTENCE.slice(0, 20)).waitFor();
    await button('Send').waitFor();

    await press('Tab');
    await press('g');
    await press('i');
    await link('demo-model').waitFor();
    await tabTo(page, page.getByRole('grid'));
    await press('ArrowDown');
    await press('l');
    const lines = page.getByRole('region', { name: 'Lines of the log' });
    await lines.getByText('all slots are idle').last().waitFor();
    await press('/');
    await page.keyboard.type('slots are idle');
    await lines.locator('mark').first().waitFor();
    await press('Escape');
    await isFocused(page, lines);

    await press('e');
    await tabTo(page, page.getByLabel('ctx_size', { exact: true }));
    await press('Control+a');
    await page.keyboard.type('640');
    await tabTo(page, button('Save'));
    await press('Enter');
    await page.waitForURL(/#\/instances\/demo-model$/);

    await tabTo(page, button('Restart'));
    await press('Enter');
    await isFocused(page, button('Restart'));
    await expect.poll(statusOf).toBe('running');
    expect((await server.instance('demo-model')).options).toMatchObject({ ctx_size: 640 });

    await tabTo(page, button('Stop'));
    await press('Enter');
    await expect.poll(statusOf).toBe('stopped');
    await isFocused(page, button('Start'));
    await press('Control+k');
    await page.keyboard.type('gpu');
    await page.getByRole('option', { name: 'System' }).waitFor();
    await press('Escape');
    await isFocused(page, button('Start'));

    const more = button('More for demo-model');
    const choose = async (name: string): Promise<void> => {
      await press('Enter');
      await hasFocusWithin(page.getByRole('menu'));
      await page.keyboard.type(name);
      await expect.poll(() => hasFocus(page.getByRole('menuitem', { name }))).toBe(true);
      await press('Enter');
    };
    await tabTo(page, more);
    for (const [item, dialog] of [
      ['Rename', 'Rename demo-model'],
      ['Delete', 'Delete demo-model?'],
    ] as const) {
      await choose(item);
      await page.getByRole('dialog', { name: dialog }).waitFor();
      await seesFocus(page);
      await press('Escape');
      await isFocused(page, more);
    }
    await choose('Delete');
    await tabTo(page, page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }));
    await press('Enter');
    await page.waitForURL(/#\/instances$/);
    await link('other').waitFor();
    await link('demo-model').waitFor({ state: 'detached' });
    expect(window.complaints).toEqual([]);
    await window.close();
  });
});
