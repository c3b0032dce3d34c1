import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { testBrowser } from '../scripts/test-assets.ts';
import { Browser } from './browser.ts';
import { reload } from './reloads.ts';
import { ServerProcess } from './server-process.ts';

/** The web page of the real program in a real browser: its log-in, over two servers of one host, and any prefix. */

const BROWSER = testBrowser();
let one: ServerProcess;
let other: ServerProcess;
let browser: Browser | undefined;

beforeAll(async () => {
  [one, other] = (await Promise.all(
    ['one', 'other'].map(async () => {
      const server = await ServerProcess.create('auth: { enabled: true }');
      await server.start();
      return server;
    }),
  )) as [ServerProcess, ServerProcess];
  if ('program' in BROWSER) browser = await Browser.start(BROWSER.program);
});

afterAll(async () => {
  await browser?.close();
  await Promise.all([one.dispose(), other.dispose()]);
});

function test(what: string, body: (browser: Browser, context: TestContext) => Promise<void>): void {
  it(what, async (context) => {
    if (browser === undefined) context.skip('missing' in BROWSER ? BROWSER.missing : 'no browser');
    else await body(browser, context);
  });
}

/** Sends a request from the page that is open; resolves with the status, or `unreadable`. */
function send(page: Browser, method: string, url: string, body?: object): Promise<unknown> {
  const init = { method, credentials: 'include', ...(body && { body: JSON.stringify(body) }) };
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  return page.value(
    `fetch(${JSON.stringify(url)}, ${JSON.stringify({ ...init, headers })}).then((answer) => answer.status, () => 'unreadable')`,
  );
}

async function logIn(page: Browser, server: ServerProcess): Promise<void> {
  const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
  await page.open(`${server.url}/`);
  expect(await send(page, 'POST', './api/auth/browser', { username: 'admin', password })).toBe(200);
}

/** Whether the browser is logged in to the server whose page is open. */
const isLoggedIn = async (page: Browser): Promise<boolean> =>
  (await send(page, 'POST', './api/auth/browser/token')) === 200;

describe('a browser at two servers of one host', () => {
  test('is logged in to each on its own, and neither can use or see the cookie of the other', async (page) => {
    await logIn(page, one);
    await page.open(`${other.url}/`);
    expect(await isLoggedIn(page), 'the cookie of one port is not that of another').toBe(false);
    await logIn(page, other);
    expect(await page.value('document.cookie')).toBe('');
    // A page of the other port sends the cookie, because browsers ignore ports, and still gets nothing.
    expect(await send(page, 'POST', `${one.url}/api/auth/browser/token`)).toBe('unreadable');
    expect(await send(page, 'DELETE', `${one.url}/api/auth/browser`)).toBe('unreadable');
    expect(await send(page, 'DELETE', './api/auth/browser')).toBe(200);
    expect(await isLoggedIn(page)).toBe(false);
    await page.open(`${one.url}/`);
    expect(await isLoggedIn(page), 'the other log-out ended only its own').toBe(true);
  });

  test('stays logged in over a reload of the page, of the server, and its restart', async (page) => {
    await logIn(page, one);
    await page.open('about:blank');
    await page.open(`${one.url}/#/instances`);
    expect(await isLoggedIn(page)).toBe(true);
    await reload(one);
    expect(await isLoggedIn(page)).toBe(true);
    await one.end('SIGTERM');
    await one.start();
    expect(await isLoggedIn(page)).toBe(true);
  });

  test('sends the cookie to nothing but its log-in', async (page) => {
    await logIn(page, one);
    for (const url of ['./api/instances', './v1/models', './api/auth/sessions']) {
      expect(await send(page, 'GET', url), url).toBe(401);
    }
  });
});

describe('the page', () => {
  test('starts, asks no other host, and breaks no rule of its policy', async (page) => {
    await page.open('about:blank');
    page.complaints.length = 0;
    page.requested.length = 0;
    await page.open(`${one.url}/`);
    await started(page);
    expect(page.requested.filter((url) => !url.startsWith(one.url) && !url.startsWith('data:'))).toEqual([]);
    expect(page.complaints.filter((each) => /Content Security Policy|TrustedTypes/i.test(each))).toEqual([]);
  });

  test('starts under a prefix that a proxy removes and no one has configured', async (page) => {
    const proxy = await prefixed('/some/prefix', other.port);
    try {
      const { port } = proxy.address() as AddressInfo;
      await page.open(`http://127.0.0.1:${port}/some/prefix/`);
      await started(page);
      const password = (await readFile(path.join(other.dataDirectory, 'admin-password'), 'utf8')).trim();
      expect(await send(page, 'POST', './api/auth/browser', { username: 'admin', password })).toBe(200);
      expect(await isLoggedIn(page)).toBe(true);
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});

/** Resolves when the script of the page has replaced the sentence that stands there without it. */
async function started(page: Browser): Promise<void> {
  await expect
    .poll(() => page.value("document.querySelector('#root')?.textContent ?? ''"))
    .not.toMatch(/did not load|^$/);
}

/** A proxy that publishes a server under a prefix, and passes on the Host that the browser sends. */
async function prefixed(prefix: string, port: number): Promise<Server> {
  const proxy = createServer((incoming, response) => {
    const { method, headers, url = '' } = incoming;
    const way = { host: '127.0.0.1', port, path: url.slice(prefix.length), method, headers };
    const outgoing = request(way, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}
