import { afterAll, beforeAll, expect, it } from 'vitest';
import { testBrowser } from '../scripts/test-assets.ts';
import { Browser } from './browser.ts';
import { ServerProcess } from './server-process.ts';

/** The page of the API as a reader has it before him: by the real program, under a path, in a real browser. */

/** One that is like the API's own. */
const PATH = '/api';

const BROWSER = testBrowser();
let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.create(`server: { base_path: ${PATH} }`);
  await server.start();
});

afterAll(() => server.dispose());

const visible = (what: string): string =>
  `[...document.querySelectorAll('${what}')].filter((each) => each.checkVisibility()).map((each) => each.id)`;

/** Whether the list of requests shows the one that is open, and the page as well. */
const IN_SIGHT = `['nav [aria-current]', '#createTicket > summary'].every((each) => {
  const { top, bottom } = document.querySelector(each).getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
})`;

const KEYS: Readonly<Record<string, number>> = { Tab: 9, Enter: 13, '/': 191 };

async function press(browser: Browser, key: string): Promise<void> {
  const text = { Enter: '\r', '/': '/' }[key];
  const how = { key, code: key, windowsVirtualKeyCode: KEYS[key], ...(text !== undefined && { text }) };
  await browser.send('Input.dispatchKeyEvent', { type: 'keyDown', ...how });
  await browser.send('Input.dispatchKeyEvent', { type: 'keyUp', ...how });
}

it('works in Chromium, and loads nothing from other hosts', async (context) => {
  if ('missing' in BROWSER) {
    context.skip(BROWSER.missing);
    return;
  }
  const browser = await Browser.start(BROWSER.program);
  try {
    const size = { width: 1400, height: 800, deviceScaleFactor: 1, mobile: false };
    await browser.send('Emulation.setDeviceMetricsOverride', size);
    await browser.open(`${server.url}${PATH}/docs#createKey`);
    expect(await browser.value("document.getElementById('createKey').open")).toBe(true);
    expect(await browser.value("getComputedStyle(document.querySelector('.method')).fontWeight")).toBe('600');
    expect(await browser.value("document.querySelector('#listInstances code:not(.path)').textContent")).toBe(
      `curl ${server.url}${PATH}/api/instances`,
    );
    expect(await browser.value("fetch(document.querySelector('main a').href).then(() => '', () => 'forbidden')")).toBe(
      'forbidden',
    );
    // What was just forbidden is a complaint.
    browser.complaints.length = 0;

    await browser.value("filter.value = 'delete user'; filter.dispatchEvent(new Event('input'))");
    expect(await browser.value(visible('.operation'))).toEqual(['deleteUser']);
    expect(await browser.value(visible('h2'))).toEqual(['tag-accounts']);
    await browser.value("filter.value = 'no such thing'; filter.dispatchEvent(new Event('input'))");
    expect(await browser.value(visible('.operation, #nothing'))).toEqual(['nothing']);
    // The names of fields are found too, in schemas as well.
    await browser.value("filter.value = 'request_strip'; filter.dispatchEvent(new Event('input'))");
    expect(await browser.value(visible('.operation, .schema'))).toEqual([
      'createInstance',
      'getInstance',
      'updateInstance',
      'schema-CreateInstance',
      'schema-Instance',
      'schema-UpdateInstance',
    ]);
    // A link to what was not found ends the search.
    await browser.value(
      "location.hash = '#schema-Status'; new Promise((resolve) => addEventListener('hashchange', resolve))",
    );
    expect(await browser.value("[filter.value, document.getElementById('schema-Status').open]")).toEqual(['', true]);
    await browser.value(
      "location.hash = '#createTicket'; new Promise((resolve) => addEventListener('hashchange', resolve))",
    );
    expect(await browser.value("[...document.querySelectorAll('[aria-current]')].map((each) => each.hash)")).toEqual([
      '#createTicket',
    ]);
    expect(await browser.value(IN_SIGHT)).toBe(true);

    // By the keyboard: past the list of requests.
    await browser.open(`${server.url}${PATH}/docs`);
    await press(browser, 'Tab');
    expect(await browser.value('document.activeElement.getBoundingClientRect().top >= 0')).toBe(true);
    await press(browser, 'Enter');
    await press(browser, 'Tab');
    expect(await browser.value("document.activeElement.closest('main') !== null")).toBe(true);
    await press(browser, '/');
    expect(await browser.value('document.activeElement === filter && filter.value')).toBe('');

    for (const [width, scheme] of [
      [360, 'dark'],
      [1400, 'light'],
    ] as const) {
      await browser.send('Emulation.setDeviceMetricsOverride', {
        width,
        height: 800,
        deviceScaleFactor: 1,
        mobile: width < 600,
      });
      await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
      // Nothing sticks out to the side, also of what can be opened.
      await browser.value("document.querySelectorAll('details').forEach((each) => { each.open = true; })");
      expect(await browser.value('document.documentElement.scrollWidth')).toBe(width);
    }
    expect(browser.complaints).toEqual([]);
    const asked = browser.requested.filter((url) => !url.startsWith('data:'));
    expect(new Set(asked)).toEqual(new Set([`${server.url}${PATH}/docs`]));
  } finally {
    await browser.close();
  }
});
