import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Config } from '@llamactl/contract/config';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { errorOf, testConfig, testServer } from '../../testing/http-harness.ts';
import { PageFolder } from '../web-page/page-folder.ts';

const HTML = '<!doctype html><script type="module" src="./assets/page-1a2b.js"></script>\n';
const SCRIPT = 'console.log("a page");\n'.repeat(100);
const ASSET = '/assets/page-1a2b.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-page-'));
  await mkdir(path.join(folder, 'dist', 'assets'), { recursive: true });
  await put('index.html', HTML);
  await put('assets/page-1a2b.js', SCRIPT);
  await put('assets/page-3c4d.css', 'body{}');
  await put('icon.svg', '<svg/>');
  await put('manifest.webmanifest', '{}');
  await writeFile(path.join(folder, 'secret.js'), 'secret');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (name: string, text: string): Promise<void> => writeFile(path.join(folder, 'dist', name), text);

/** Makes a server whose page is that folder. */
function served(server: Partial<Config['server']> = {}): (options: InjectOptions) => Promise<LightMyRequestResponse> {
  const page = new PageFolder(path.join(folder, 'dist'));
  return testServer({ config: testConfig({ server }), page }).inject;
}

const GZIP = { 'accept-encoding': 'gzip, deflate, br' };

describe('the web page', () => {
  it('is at the root, with the strictest policy, and revalidated at each visit', async () => {
    const answer = await served()({ url: '/', headers: { accept: 'text/html' } });
    expect([answer.statusCode, answer.body]).toEqual([200, HTML]);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-cache',
    });
  });

  it.each([
    [ASSET, 'text/javascript; charset=utf-8', 'max-age=31536000, immutable'],
    ['/assets/page-3c4d.css', 'text/css; charset=utf-8', 'max-age=31536000, immutable'],
    ['/icon.svg', 'image/svg+xml; charset=utf-8', 'no-cache'],
    ['/manifest.webmanifest', 'application/manifest+json; charset=utf-8', 'no-cache'],
  ])('has %s as %s, kept for %s', async (url, type, caching) => {
    const answer = await served()({ url });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': type,
      'cache-control': caching,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it.each(['/', ASSET])('is compressed for clients that accept it, and only for them: %s', async (url) => {
    const inject = served();
    const [compressed, plain] = [await inject({ url, headers: GZIP }), await inject({ url })];
    expect(compressed.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding, Origin' });
    expect(gunzipSync(compressed.rawPayload).toString()).toBe(plain.body);
    expect(plain.headers).not.toHaveProperty('content-encoding');
    expect(plain.headers['etag']).not.toBe(compressed.headers['etag']);
  });

  it.each(['/', ASSET])('is not sent again to a client that has it: %s', async (url) => {
    const inject = served();
    for (const headers of [{}, GZIP]) {
      const { headers: first } = await inject({ url, headers });
      const again = { ...headers, 'if-none-match': String(first['etag']) };
      const { statusCode, body, headers: second } = await inject({ url, headers: again });
      expect([statusCode, body, second['etag']]).toEqual([304, '', first['etag']]);
    }
  });

  it('answers HEAD with the headers of GET', async () => {
    const inject = served();
    const [whole, head] = [
      await inject({ url: '/', headers: GZIP }),
      await inject({ url: '/', headers: GZIP, method: 'HEAD' }),
    ];
    expect([head.statusCode, head.body]).toEqual([200, '']);
    for (const name of ['content-length', 'content-type', 'etag', 'content-encoding']) {
      expect(head.headers[name], name).toBe(whole.headers[name]);
    }
  });

  it('is public and not limited, and tells no caller apart', async () => {
    const { auth } = await AuthHarness.open();
    const page = new PageFolder(path.join(folder, 'dist'));
    const config = testConfig({ auth: { enabled: true } });
    const limits = { count: () => ({ headers: { 'x-ratelimit-limit': '1' }, refusal: null, waitMs: 0 }) };
    const { inject } = testServer({ auth, config, page, limits });
    for (const url of ['/', ASSET, '/icon.svg', '/manifest.webmanifest']) {
      const answer = await inject({ url, headers: { authorization: 'Bearer wrong' } });
      expect([answer.statusCode, answer.headers['x-ratelimit-limit']], url).toEqual([200, undefined]);
    }
    const documentation = await inject({ url: '/docs', headers: { authorization: 'Bearer wrong' } });
    expect([documentation.statusCode, documentation.headers['x-ratelimit-limit']]).toEqual([302, undefined]);
  });

  it('is the new one after a build, without a restart', async () => {
    const inject = served();
    const before = await inject({ url: '/' });
    await put('index.html', '<p>another build</p>');
    const after = await inject({ url: '/' });
    expect(after.body).toBe('<p>another build</p>');
    expect(after.headers['etag']).not.toBe(before.headers['etag']);
  });

  it.each([
    '/assets/',
    '/assets/none.js',
    '/assets/../index.html',
    '/assets/../../secret.js',
    '/assets/%2e%2e/%2e%2e/secret.js',
    '/assets/..%2f..%2fsecret.js',
    '/assets/%2fetc/passwd.js',
    '/assets/page-1a2b.js/more.js',
    '/assets/page-1a2b.js%00',
    '/assets/.hidden.js',
    '/assets',
    '/index.html',
    '/instances',
  ])('has no file %s', async (url) => {
    const answer = await served()({ url });
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([404, 'NOT_FOUND']);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('does not take other methods', async () => {
    const answer = await served()({ url: '/', method: 'POST' });
    expect([answer.statusCode, answer.headers['allow']]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  it('says what to run when it is not built', async () => {
    await rm(path.join(folder, 'dist'), { recursive: true });
    const answer = await served()({ url: '/' });
    expect(answer.statusCode).toBe(404);
    expect(answer.headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    expect(answer.body).toContain('npm run build:web');
    expect(answer.body).not.toMatch(/<script|<style|style=/);
    const documentation = await served()({ url: '/docs' });
    expect([documentation.statusCode, documentation.body]).toEqual([404, answer.body]);
  });
});

describe('/docs', () => {
  it.each([
    ['/docs', '/'],
    ['/llm/docs', '/llm'],
    ['/docs', '/llm'],
  ])('%s leads to the API reference beside it, with the base path %s', async (url, basePath) => {
    const { statusCode, headers, body } = await served({ base_path: basePath })({ url });
    expect([statusCode, headers['location'], headers['cache-control'], body]).toEqual([302, './?docs', 'no-cache', '']);
  });
});

describe('under a prefix', () => {
  it.each([
    ['that the proxy keeps', '/llm/', '/llm'],
    ['that the proxy keeps, written with a slash', '/llm/', '/llm/'],
    ['that the proxy removes', '/', '/llm'],
    ['that is not configured and the proxy removes', '/', '/'],
  ])('%s, the page is there', async (_what, url, basePath) => {
    const answer = await served({ base_path: basePath })({ url });
    expect([answer.statusCode, answer.body]).toEqual([200, HTML]);
  });

  it.each([
    ['/llm', '/llm/'],
    ['/llm?from=terminal', '/llm/?from=terminal'],
  ])('%s leads to %s, or relative addresses would miss', async (url, location) => {
    for (const base_path of ['/llm', '/llm/']) {
      const answer = await served({ base_path })({ url });
      expect([answer.statusCode, answer.headers['location']]).toEqual([308, location]);
    }
  });

  it('the files are there too', async () => {
    expect((await served({ base_path: '/llm' })({ url: `/llm${ASSET}` })).body).toBe(SCRIPT);
  });
});
