import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request } from 'node:https';
import os from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { DEMO_SENTENCE } from '@llamactl/cli/quickstart/demo-model';
import { runTool } from '@llamactl/cli/quickstart/run-tool';
import { Client } from '@llamactl/client';
import type { Proxy } from '../scripts/proxy-install.ts';
import { testBrowser, testModel, testProxy } from '../scripts/test-assets.ts';
import { Browser } from './browser.ts';
import { launcherFlags } from './launcher-flags.ts';
import { blocksOf, markOf, replaced } from './docs/page.ts';
import { MAIN } from './program.ts';
import { ServerProcess } from './server-process.ts';

/**
 * docs/how-to/reverse-proxy.md, done: its own configurations, on other ports and with a certificate of ours, by real proxies between
 * real callers and the real program.
 */

const NAME = 'ai.example.com';
const PATIENCE = 60_000;
/** Not the one by which the proxies reach the server. */
const CALLER = '127.0.0.2';
const PACED = path.join(import.meta.dirname, 'paced-engine.ts');
const ECHO = path.join(import.meta.dirname, 'echo-engine.ts');
/** Of a handshake, with what RFC 6455 has it answered with. */
const KEY = Buffer.alloc(16).toString('base64');
const ACCEPT = createHash('sha1').update(`${KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const PAGE = blocksOf(
  await readFile(path.join(import.meta.dirname, '..', 'docs', 'how-to', 'reverse-proxy.md'), 'utf8'),
);

/** Resolves to the base address that the API reference shows, once it has come. */
const SHOWN_ADDRESS = `new Promise((resolve) => {
  const look = () => {
    const code = [...document.querySelectorAll('dd code')].find(({ textContent }) => textContent.endsWith('/api'));
    if (code !== undefined) resolve(code.textContent);
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
  look();
})`;

/** The one block of a language. */
function shown(language: string): string {
  const [block, ...others] = PAGE.filter((each) => each.language === language);
  if (block === undefined || others.length > 0) throw new Error(`the page has not one block of ${language}`);
  return block.text;
}

let folder: string;
let server: ServerProcess;
let certificate: string;
let token: string;
let password: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-proxy-'));
  const names = `subjectAltName=DNS:${NAME},DNS:localhost`;
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', 'key.pem', '-out', 'cert.pem', '-subj', `/CN=${NAME}`, '-addext', names];
  await runTool('openssl', ['req', '-x509', ...kind, ...files], { environment: process.env, directory: folder });
  certificate = await readFile(path.join(folder, 'cert.pem'), 'utf8');

  server = await ServerProcess.create(`${shown('yaml')}security: { allow_privileged: true }\n`);
  await server.start();
  password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
  const { token: given } = await new Client(server.url).login({ username: 'admin', password });
  token = given;
  const client = new Client({ url: server.url, token });
  await client.createInstance({ name: 'example', model_path: await testModel() });
  await client.createInstance({
    name: 'paced',
    engine: 'custom',
    command: [process.execPath, PACED, '${PORT}', '0'],
    health_path: '/health',
  });
  await client.createInstance({ name: 'echo', engine: 'custom', command: [process.execPath, ECHO, '${PORT}'] });
  await Promise.all(['example', 'paced', 'echo'].map((name) => client.startInstance(name, { wait: true })));
}, PATIENCE);

afterAll(async () => {
  await server.dispose();
  await rm(folder, { recursive: true, force: true });
});

/** What stands around the page's configuration: nothing of it is about llamactl. */
async function start(proxy: Proxy, program: string, port: number): Promise<ChildProcess> {
  const own = path.join(folder, proxy);
  await mkdir(own);
  const upstream = { '127.0.0.1:8080': `127.0.0.1:${server.port}` };
  if (proxy === 'nginx') {
    const site = replaced(shown('nginx'), {
      ...upstream,
      'listen 443 ssl;': `listen 127.0.0.1:${port} ssl;`,
      'server_name ai.example.com;': `server_name ${NAME} localhost;`,
      '/etc/letsencrypt/live/ai.example.com/fullchain.pem': path.join(folder, 'cert.pem'),
      '/etc/letsencrypt/live/ai.example.com/privkey.pem': path.join(folder, 'key.pem'),
    });
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);
    const rest = `daemon off; master_process off; pid pid; error_log stderr;\nevents {}\n`;
    await writeFile(path.join(own, 'conf'), `${rest}http { access_log off; ${temporary.join(' ')}\n${site}}\n`);
    return spawn(program, ['-p', own, '-c', 'conf', '-e', 'stderr'], { stdio: 'ignore' });
  }
  const site = replaced(shown('caddyfile'), {
    ...upstream,
    'ai.example.com {': `https://${NAME}:${port}, https://localhost:${port} {
	bind 127.0.0.1
	tls ${folder}/cert.pem ${folder}/key.pem`,
  });
  await writeFile(path.join(own, 'Caddyfile'), `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
  const environment = { HOME: own, PATH: process.env['PATH'] ?? '' };
  const flags = ['run', '--config', path.join(own, 'Caddyfile'), '--adapter', 'caddyfile'];
  return spawn(program, flags, { stdio: 'ignore', env: environment });
}

/** Names without a program are not there, and the test says why. */
const PROXIES = (['nginx', 'caddy'] as const).map((name) => ({ name, found: testProxy(name) }));

describe.each(PROXIES)('behind $name', { timeout: PATIENCE }, ({ name, found }) => {
  const program = 'program' in found ? found.program : null;
  const reason = 'missing' in found ? found.missing : '';
  let port: number;
  let proxy: ChildProcess | undefined;

  beforeAll(async () => {
    if (program === null) return;
    port = server.ports.next();
    proxy = await start(name, program, port);
    const ended = once(proxy, 'exit').then(() => {
      throw new Error(`${name} ended`);
    });
    ended.catch(() => undefined);
    while (!(await Promise.race([isUp(), ended]))) await pause(20);
  }, PATIENCE);

  afterAll(async () => {
    if (proxy === undefined || proxy.exitCode !== null) return;
    const gone = once(proxy, 'exit');
    proxy.kill('SIGKILL');
    await gone;
  });

  function isUp(): Promise<boolean> {
    return call('/llm/readyz').then(
      ({ statusCode }) => statusCode === 200,
      () => false,
    );
  }

  /** By the name that the certificate is for; the answer as it begins. */
  async function call(
    url: string,
    { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: object; body?: string | Buffer } = {},
  ): Promise<IncomingMessage> {
    const outgoing = request({
      host: '127.0.0.1',
      localAddress: CALLER,
      port,
      servername: NAME,
      ca: certificate,
      agent: false,
      method,
      path: url,
      headers: { host: NAME, authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    return answer;
  }

  /** The WebSocket of an engine; `null`: the answer opened none. */
  async function connect(
    headers: Record<string, string> = {},
  ): Promise<[answer: IncomingMessage, socket: Duplex | null]> {
    const handshake = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': KEY,
    };
    const outgoing = request({
      host: '127.0.0.1',
      port,
      servername: NAME,
      ca: certificate,
      agent: false,
      path: '/llm/api/instances/echo/proxy/any/socket?of=it',
      headers: { host: NAME, authorization: `Bearer ${token}`, ...handshake, ...headers },
    });
    outgoing.end();
    return new Promise((resolve, reject) => {
      outgoing.on('upgrade', (answer, socket) => resolve([answer, socket]));
      outgoing.on('response', (answer) => resolve([answer, null])).on('error', reject);
    });
  }

  const test = (what: string, body: (context: TestContext) => Promise<void>): void =>
    it(what, async (context) => {
      if (program === null) context.skip(reason);
      else await body(context);
    });

  test('the API answers under its path, and under the public name alone', async () => {
    const answer = await call('/llm/api/instances');
    expect(answer.statusCode).toBe(200);
    expect(JSON.parse(await text(answer))).toMatchObject({
      instances: [{ name: 'example', status: 'running' }, { name: 'paced' }, { name: 'echo' }],
    });
    const documentation = await call('/llm/docs');
    expect([documentation.statusCode, documentation.headers.location]).toEqual([302, './?docs']);
    const foreign = plainRequest({ port: server.port, path: '/readyz', headers: { host: 'other.example' } }).end();
    const [refusal] = (await once(foreign, 'response')) as [IncomingMessage];
    expect(refusal.statusCode).toBe(403);
  });

  test('the web page is there with its files, also without the slash at the end', async () => {
    const page = await call('/llm/');
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers['content-security-policy']).toContain("require-trusted-types-for 'script'");
    const [asset = ''] = /assets\/[^"]+/.exec(await text(page)) ?? [];
    const script = await call(`/llm/${asset}`, { headers: { 'accept-encoding': 'gzip' } });
    expect(script.headers).toMatchObject({
      'content-encoding': 'gzip',
      'cache-control': 'max-age=31536000, immutable',
    });
    script.resume();
    const bare = await call('/llm');
    expect([301, 308]).toContain(bare.statusCode);
    expect(new URL(bare.headers.location ?? '', `https://${NAME}/llm`).pathname).toBe('/llm/');
  });

  test('a browser logs in, with a cookie for TLS alone', async () => {
    const headers = { origin: `https://${NAME}`, authorization: '' };
    const body = JSON.stringify({ username: 'admin', password });
    const answer = await call('/llm/api/auth/browser', { method: 'POST', headers, body });
    expect(answer.statusCode).toBe(200);
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^llamactl_\w+=[\w.-]+; Max-Age=86400; HttpOnly; SameSite=Strict; Secure$/);
    answer.resume();
    const next = { method: 'POST', headers: { ...headers, cookie: cookie.split(';')[0] } };
    expect((await call('/llm/api/auth/browser/token', next)).statusCode).toBe(200);
    const foreign = { ...next, headers: { ...next.headers, origin: `https://${NAME}:8443` } };
    expect((await call('/llm/api/auth/browser/token', foreign)).statusCode).toBe(403);
  });

  test('a token passes while the engine has not made the next one', async () => {
    const body = JSON.stringify({ model: 'paced', stream: true, max_tokens: 2, held: true });
    const answer = await call('/llm/v1/chat/completions', { method: 'POST', body });
    const chunks = answer.setEncoding('utf8').iterator({ destroyOnReturn: false }) as AsyncIterator<string>;
    expect((await chunks.next()).value).toBe('data: 0\n\n');
    expect((await call('/llm/api/instances/paced/proxy/go', { method: 'POST', body: '{}' })).statusCode).toBe(200);
    expect(await text(answer)).toBe('data: 1\n\ndata: [DONE]\n\n');
  });

  test('a caller who hangs up ends the work of the engine', async () => {
    const body = JSON.stringify({ model: 'paced', stream: true, max_tokens: 2, held: true });
    const answer = await call('/llm/v1/chat/completions', { method: 'POST', body });
    await once(answer, 'data');
    const inFlight = async (): Promise<unknown[]> => {
      const list = await text(await call('/llm/api/requests'));
      return (JSON.parse(list) as { in_flight: unknown[] }).in_flight;
    };
    expect(await inFlight()).toHaveLength(1);
    answer.destroy();
    await expect.poll(inFlight).toEqual([]);
  });

  test('what a real engine says passes as it comes', async () => {
    const body = JSON.stringify({ model: 'example', stream: true, messages: [{ role: 'user', content: 'Hi' }] });
    const answer = await call('/llm/v1/chat/completions', { method: 'POST', body });
    expect(answer.headers['content-type']).toContain('text/event-stream');
    const events = (await text(answer)).split('\n').filter((line) => line.startsWith('data: {'));
    const words = events.map((line) => {
      const { choices } = JSON.parse(line.slice(6)) as { choices: { delta: { content?: string } }[] };
      return choices[0]?.delta.content ?? '';
    });
    expect(words.join('')).toBe(DEMO_SENTENCE);
  });

  test('nothing waits for the end of an answer: of a log that is followed, which has none, lines come', async () => {
    const answer = await call('/llm/api/instances/example/logs?follow=true&lines=1');
    const [chunk] = (await once(answer, 'data')) as [Buffer];
    answer.destroy();
    expect(JSON.parse(chunk.toString().split('\n')[0] ?? '')).toMatchObject({ message: expect.any(String) as unknown });
  });

  test('the WebSocket of an engine passes, byte for byte, and its end does', async () => {
    const [answer, socket] = await connect({ 'sec-websocket-protocol': 'chat, other' });
    if (socket === null) throw new Error(`it was not opened: ${answer.statusCode}`);
    expect(answer.headers).toMatchObject({ 'sec-websocket-accept': ACCEPT, 'sec-websocket-protocol': 'chat' });
    const open = async (): Promise<string> => text(await call('/llm/api/instances/echo/proxy/open'));
    expect(await open()).toBe('1');
    for (const size of [6, 1024 * 1024]) {
      const bytes = Buffer.alloc(size, `${size} bytes, whatever they mean. `);
      socket.write(bytes);
      expect((await readExactly(socket, size)).equals(bytes)).toBe(true);
    }
    socket.destroy();
    await expect.poll(open).toBe('0');
  });

  test('a WebSocket is refused without credentials, and to pages of other origins', async () => {
    for (const [headers, status] of [
      [{ authorization: 'Bearer llk_wrong' }, 401],
      [{ origin: 'https://other.example' }, 403],
    ] as const) {
      const [answer, socket] = await connect(headers);
      expect([answer.statusCode, socket]).toEqual([status, null]);
      answer.resume();
    }
  });

  test('a body may be large', async () => {
    const body = JSON.stringify({ prompt: 'a', ignored: 'x'.repeat(3 * 1024 * 1024), n_predict: 1 });
    const answer = await call('/llm/v1/completions?model=example', { method: 'POST', body });
    expect(answer.headers['x-llamactl-source']).toBe('engine');
    expect(answer.statusCode).toBe(200);
    answer.resume();
  });

  test('who asks is who asks the proxy, whatever they say', async () => {
    await call('/llm/api/instances', { method: 'POST', body: '{}', headers: { 'x-forwarded-for': '203.0.113.9' } });
    const { audit } = JSON.parse(await text(await call('/llm/api/audit?limit=1'))) as { audit: { address: string }[] };
    expect(audit[0]?.address).toBe(CALLER);
  });

  test('its last block works as it stands', async () => {
    const block = PAGE.find((each) => markOf(each, 'run by')?.endsWith('reverse-proxy.test.ts'));
    const home = await mkdtemp(path.join(folder, 'home-'));
    const node = [process.execPath, ...launcherFlags(), MAIN].join(' ');
    const script = replaced(block?.text ?? '', {
      [`https://${NAME}/`]: `https://localhost:${port}/`,
      'login admin --url': 'login admin --password-stdin --url',
      '# asks for the password': '< password',
      // As by Ctrl-C, when the first has come.
      'llamactl events ': 'llamactl events --json | head -n 1 ',
    });
    await writeFile(path.join(home, 'password'), password);
    // Something has to happen.
    const change = `(while sleep 0.2; do llamactl update example --alias "alias-$RANDOM" >/dev/null || exit; done) & change=$!`;
    const whole = `set -e\nllamactl() { ${node} "$@"; }\n${script.replace('llamactl events', `${change}\nllamactl events`)}\nkill $change`;
    await writeFile(path.join(home, 'script'), whole);
    const cert = path.join(folder, 'cert.pem');
    await writeFile(path.join(home, '.curlrc'), `silent\nfail\ncacert = "${cert}"\n`);
    const { stdout } = await runTool('bash', ['script'], {
      environment: { HOME: home, PATH: process.env['PATH'] ?? '', NODE_EXTRA_CA_CERTS: cert },
      directory: home,
    });
    expect(stdout).toMatch(/^\{"status":"ok"\}/);
    expect(stdout).toContain('"instance_updated"');
  });

  test('the API reference works in a browser', async (context) => {
    const browser = testBrowser();
    if ('missing' in browser) {
      context.skip(browser.missing);
      return;
    }
    const page = await Browser.start(browser.program, [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`]);
    try {
      await page.open(`https://${NAME}:${port}/llm/docs`);
      expect(await page.value(SHOWN_ADDRESS)).toBe(`https://${NAME}:${port}/llm/api`);
      expect(page.complaints).toEqual([]);
    } finally {
      await page.close();
    }
  });
});

/** What comes next, so many bytes. */
async function readExactly(socket: Duplex, size: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let left = size;
  for await (const piece of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    pieces.push(piece);
    left -= piece.length;
    if (left <= 0) break;
  }
  return Buffer.concat(pieces);
}
