import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testFirefox } from '../../scripts/test-assets.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { ServerProcess } from '../server-process.ts';
import { chatEngine } from './chat-engine.ts';
import { Firefox, KEYS } from './firefox.ts';

/** The page in Firefox: list, menu, dialog and chat, without a complaint of the browser. */

const FIREFOX = isLong ? testFirefox() : { missing: 'only in the long tier' };

describe.skipIf('missing' in FIREFOX)('the page in Firefox', () => {
  let server: ServerProcess;
  let firefox: Firefox;

  beforeAll(async () => {
    if ('missing' in FIREFOX) throw new Error(FIREFOX.missing);
    server = await ServerProcess.create();
    await server.configure(await chatEngine(server.home));
    await server.start();
    expect((await server.call('POST', '/api/instances', { name: 'spoken', engine: 'spoken' })).status).toBe(201);
    firefox = await Firefox.start(FIREFOX.program);
  });

  afterAll(async () => {
    await firefox.close();
    await server.dispose();
  });

  const shows = (selector: string, text: string): Promise<unknown> =>
    expect
      .poll(
        () =>
          firefox.value(
            `[...document.querySelectorAll(${JSON.stringify(selector)})].some((each) => each.textContent.includes(${JSON.stringify(text)}))`,
          ),
        { timeout: 20_000, message: `${selector} with ${text}` },
      )
      .toBe(true);

  it('lists, opens a dialog that Escape closes, and chats', async () => {
    await firefox.open(`${server.url}/`);
    await shows('[role=row]', 'spoken');
    await firefox.type('?');
    await shows('dialog[open]', 'Keyboard shortcuts');
    await firefox.type(KEYS.Escape);
    await expect.poll(() => firefox.value("document.querySelector('dialog[open]') === null")).toBe(true);
    await firefox.value("location.hash = '#/playground?instance=spoken'");
    await expect.poll(() => firefox.value('document.activeElement.tagName')).toBe('TEXTAREA');
    await firefox.type('echo Two words.');
    await firefox.type(KEYS.Enter);
    await shows('article', 'Two words.');
    expect(firefox.complaints).toEqual([]);
  });
});
