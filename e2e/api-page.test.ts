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

it('works in Chromium, and asks nobody for anything else', { timeout: 120_000 }, async (context) => {
  if ('missing' in BROWSER) {
    context.skip(BROWSER.missing);
    return;
  }
  const browser = await Browser.start(BROWSER.program);
  try {
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
    await browser.value("filter.value = ''; filter.dispatchEvent(new Event('input'))");

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
      // Nothing sticks out to the side.
      expect(await browser.value('document.documentElement.scrollWidth')).toBe(width);
    }
    expect(browser.complaints).toEqual([]);
    const asked = browser.requested.filter((url) => !url.startsWith('data:'));
    expect(new Set(asked)).toEqual(new Set([`${server.url}${PATH}/docs`]));
  } finally {
    await browser.close();
  }
});
