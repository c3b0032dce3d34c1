import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { ServerProcess } from '../server-process.ts';
import { startBrowser, Window } from './open-page.ts';

/** The server and the browser of a test file, and the window of one test. */
export interface PageStage {
  readonly server: ServerProcess;
  readonly browser: Browser;
  readonly window: Window;
  /** Closes the window, and opens another one in its place. */
  reopen(options: BrowserContextOptions): Promise<void>;
}

/**
 * Starts a server and a browser before the tests of a file, and opens a window for each test. Each test fails if its
 * window has complaints at its end. An `afterAll` before the call runs after the server has ended.
 *
 * @param configuration YAML for the configuration file; or a function that returns it, once the home of the server exists.
 * @param context What is special about the browser of each test, such as its language.
 */
export function pageStage(
  configuration: string | ((home: string) => Promise<string>) = '',
  context: BrowserContextOptions = {},
): PageStage {
  let server: ServerProcess;
  let browser: Browser;
  let window: Window;
  beforeAll(async () => {
    server = await ServerProcess.create();
    await server.configure(typeof configuration === 'string' ? configuration : await configuration(server.home));
    await server.start();
    browser = await startBrowser();
  });
  beforeEach(async () => {
    window = await Window.open(browser, server.url, context);
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
  return {
    get server() {
      return server;
    },
    get browser() {
      return browser;
    },
    get window() {
      return window;
    },
    reopen: async (options) => {
      await window.close();
      expect(window.complaints).toEqual([]);
      window = await Window.open(browser, server.url, options);
    },
  };
}
