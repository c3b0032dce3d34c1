import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testBrowser } from '../scripts/test-assets.ts';
import { Browser } from './browser.ts';
import { ServerProcess } from './server-process.ts';
import { typedEngine, typedPath } from './typed-engine.ts';

/** Pages of an engine in a real browser, through both doors: no script of theirs runs with our origin. */

const BROWSER = testBrowser();
let server: ServerProcess;
let enginePort: number;
let browser: Browser | null = null;

beforeAll(async () => {
  server = await ServerProcess.create();
  await server.configure(await typedEngine(server.home));
  await server.start();
  await server.call('POST', '/api/instances', { name: 'typed', engine: 'typed' });
  const started = await server.call('POST', '/api/instances/typed/start?wait=true');
  expect(started.status, JSON.stringify(started.body)).toBe(200);
  enginePort = (await server.instance('typed')).port;
  if ('program' in BROWSER) browser = await Browser.start(BROWSER.program);
});

afterAll(async () => {
  await browser?.close();
  await server.dispose();
});

/** Both ways to an engine, as the beginning and the end of a URL. */
const DOORS = [
  ['/api/instances/typed/proxy/', ''],
  ['/v1/', '&model=typed'],
] as const;

/** The origin with which the script of the page ran; `null`: it did not, or nothing was shown. */
async function ranAs(page: Browser, url: string): Promise<unknown> {
  if (!(await page.opens(url))) return null;
  return page.value('document.documentElement.dataset.ran ?? null');
}

/** Types that are no page, several types, and types that `Connection` would take away. */
const HEADS: readonly (readonly string[])[] = [
  [],
  ...[
    '',
    '"text/html"',
    '(null)',
    '*/*',
    '; charset=utf-8',
    'a b/c',
    'application/json',
    'application/json, text/html',
    'application/json; charset=utf-8, text/html',
    'application/octet-stream',
    'application/rss+xml',
    'application/unknown',
    'application/x-unknown-content-type',
    'application/xhtml+xml',
    'application/xml',
    'application/xml; charset=utf-7',
    'audio/mpeg',
    'audio/x+xml',
    'font/x+xml',
    'foo',
    'html',
    'image/png',
    'image/svg+xml',
    'message/rfc822',
    'multipart/related; boundary=x',
    'multipart/x-mixed-replace; boundary=x',
    'text',
    'text/',
    'text/css',
    'text/event-stream',
    'TEXT/HTML',
    'text/html; charset=utf-16',
    'text/html;',
    'text/plain',
    'text/plain text/html',
    'text/plain, text/html',
    'text/plain;',
    'text/plain; charset=utf-7',
    'text/plain; x="a, text/html',
    'text/vtt',
    'text/xml',
    'text/xsl',
    'unknown/unknown',
    'video/x+xml',
  ].map((type) => [`Content-Type: ${type}`]),
  ['Content-Type: text/plain', 'Content-Type: text/html'],
  ['Content-Type: text/html', 'Content-Type: text/plain'],
  ['Content-Type: text/plain', 'X-Content-Type-Options: none'],
  ['Content_Type: text/plain', 'content-type:text/html'],
  ['Content-Type: text/html', 'Content-Security-Policy: sandbox allow-scripts allow-same-origin'],
  ['Content-Type: text/html', "Content-Security-Policy: script-src * 'unsafe-inline'"],
  ...[
    'Content-Type: text/plain',
    'Content-Type: application/json',
    'Content-Type: text/html',
    'Content-Type: foo',
  ].flatMap((type) =>
    [
      'content-type',
      'Content-Type, content-security-policy, x-content-type-options',
      'close, X-Content-Type-Options',
    ].map((named) => [type, `Connection: ${named}`]),
  ),
];

describe.each(DOORS)('through %s', (before, after) => {
  it('no page runs with our origin', async (context) => {
    if (browser === null) return context.skip('missing' in BROWSER ? BROWSER.missing : '');
    for (const head of HEADS) {
      const url = `${server.url}${before}${typedPath({ head })}${after}`;
      expect([null, 'null'], head.join(' | ')).toContain(await ranAs(browser, url));
    }
  });

  it('a page that the browser has cached keeps its sandbox', async (context) => {
    if (browser === null) return context.skip('missing' in BROWSER ? BROWSER.missing : '');
    const url = typedPath({
      head: ['Content-Type: text/html', 'ETag: "1"', 'Cache-Control: no-cache'],
      again: ['Content-Type: text/plain', "Content-Security-Policy: script-src * 'unsafe-inline'", 'ETag: "1"'],
    });
    for (let visit = 0; visit < 3; visit += 1) {
      expect(await ranAs(browser, `${server.url}${before}${url}${after}`)).not.toBe(server.url);
    }
  });

  it('a page runs all the same, with an origin of its own', async (context) => {
    if (browser === null) return context.skip('missing' in BROWSER ? BROWSER.missing : '');
    const url = typedPath({ head: ['Content-Type: text/html'] });
    expect(await ranAs(browser, `${server.url}${before}${url}${after}`)).toBe('null');
  });
});

it('the script tells its origin: without llamactl it is the one of the engine', async (context) => {
  if (browser === null) return context.skip('missing' in BROWSER ? BROWSER.missing : '');
  const engine = `http://127.0.0.1:${enginePort}`;
  expect(await ranAs(browser, `${engine}/${typedPath({ head: ['Content-Type: text/html'] })}`)).toBe(engine);
});
