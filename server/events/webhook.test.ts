import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { announcementOf } from './announcement.ts';
import { bodyOf, createWebhook } from './webhook.ts';

const ANNOUNCEMENT = announcementOf(
  { state: 'raised', level: 'error', code: 'instance_failed', message: 'It said <!channel> @everyone.', instance: 'a' },
  '2026-01-01T00:00:00.000Z',
  'box',
);
const WAIT = { interval: 2, timeout: 10_000 };
const servers: net.Server[] = [];
const sockets = new Set<net.Socket>();
let clock: FakeClock;
let closing: AbortController;

beforeEach(() => {
  clock = new FakeClock();
  closing = new AbortController();
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(server: net.Server): Promise<number> {
  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** A server that records requests and answers with one status after the other, then repeats the last. */
async function aReceiver(answers: readonly number[], headers: http.OutgoingHttpHeaders = {}) {
  const received: Received[] = [];
  const port = await listen(
    http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url } = request;
        received.push({ method, url, headers: request.headers, body: Buffer.concat(chunks).toString() });
        const status = answers[Math.min(received.length, answers.length) - 1] ?? 500;
        response.writeHead(status, headers).end('no secret-in-answer');
      });
    }),
  );
  return { received, url: `http://127.0.0.1:${port}/hook/secret?x=1` };
}

const send = (url: string): Promise<void> => createWebhook(url, clock)(ANNOUNCEMENT, closing.signal);
/** Resolves with the reason of a rejected delivery, so that the rejection is handled while the test moves its clock. */
const reasonOf = (sent: Promise<void>): Promise<Error> =>
  sent.then(
    () => new Error('it was sent'),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
/** Waits until the pause before the next attempt has begun, then ends it. */
async function pass(milliseconds: number): Promise<void> {
  await vi.waitFor(() => expect(clock.pending).toEqual([milliseconds]), WAIT);
  await clock.advance(milliseconds);
}

describe('createWebhook', () => {
  it('posts one JSON body', async () => {
    const { received, url } = await aReceiver([200]);
    await send(url);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({ method: 'POST', url: '/hook/secret?x=1', body: bodyOf(ANNOUNCEMENT) });
    expect(received[0]?.headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'llamactl' });
    expect(clock.pending).toEqual([]);
  });

  it('has the fields of Slack, Discord and ntfy, and no mentions from an engine output', () => {
    expect(JSON.parse(bodyOf(ANNOUNCEMENT))).toEqual({
      ...ANNOUNCEMENT,
      text: 'llamactl on box: instance_failed (a)\nIt said &lt;!channel&gt; @everyone.',
      content: 'llamactl on box: instance_failed (a)\nIt said <!channel> @everyone.',
      allowed_mentions: { parse: [] },
    });
  });

  it('sets the headers for ntfy: templates, priority, tags', async () => {
    const { received, url } = await aReceiver([200]);
    await send(url);
    expect(received[0]?.headers).toMatchObject({
      'x-template': 'yes',
      'x-title': '{{.title}}',
      'x-message': '{{.message}}',
      'x-priority': 'high',
      'x-tags': 'warning',
    });
  });

  it('sends the user name and password of its URL as basic authentication', async () => {
    const { received, url } = await aReceiver([200]);
    await send(url.replace('//', '//me:pass%20word@'));
    expect(received[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:pass word').toString('base64')}`);
  });

  it.each([500, 503, 429, 408])('retries after status %i, with growing pauses', async (status) => {
    const { received, url } = await aReceiver([status, status, 204]);
    const sent = send(url);
    await pass(2_000);
    await pass(8_000);
    await sent;
    expect(received).toHaveLength(3);
  });

  it('waits as long as Retry-After requests, up to a limit', async () => {
    const { url } = await aReceiver([429, 204], { 'retry-after': '17' });
    const sent = send(url);
    await pass(17_000);
    await sent;
    const { url: patient } = await aReceiver([429, 204], { 'retry-after': '86400' });
    const later = send(patient);
    await pass(60_000);
    await later;
  });

  it('gives up after three attempts', async () => {
    const { received, url } = await aReceiver([500]);
    const sent = reasonOf(send(url));
    await pass(2_000);
    await pass(8_000);
    expect(await sent).toMatchObject({ message: 'alerts.webhook answered with status 500' });
    expect(received).toHaveLength(3);
  });

  it.each([400, 401, 404, 410])('does not retry after status %i', async (status) => {
    const { received, url } = await aReceiver([status]);
    await expect(send(url)).rejects.toThrow(`status ${status}`);
    expect(received).toHaveLength(1);
  });

  it('follows no redirect', async () => {
    const other = await aReceiver([200]);
    const { url } = await aReceiver([302], { location: other.url });
    await expect(send(url)).rejects.toThrow('redirects are not followed');
    expect(other.received).toEqual([]);
  });

  it('times out after ten seconds without an answer', async () => {
    const port = await listen(net.createServer(() => undefined));
    const sent = reasonOf(send(`http://127.0.0.1:${port}/`));
    await pass(10_000);
    await pass(2_000);
    await pass(10_000);
    await pass(8_000);
    await pass(10_000);
    expect(await sent).toMatchObject({ message: 'alerts.webhook did not answer within 10 seconds' });
    expect(clock.pending).toEqual([]);
  });

  it('resolves when aborted, both during an attempt and between two', async () => {
    const silent = await listen(net.createServer(() => undefined));
    const first = send(`http://127.0.0.1:${silent}/`);
    await vi.waitFor(() => expect(sockets.size).toBe(1), WAIT);
    closing.abort();
    await first;
    closing = new AbortController();
    const { received, url } = await aReceiver([500]);
    const second = send(url);
    await vi.waitFor(() => expect(clock.pending).toEqual([2_000]), WAIT);
    closing.abort();
    await second;
    expect(received).toHaveLength(1);
    expect(clock.pending).toEqual([]);
  });

  it('keeps its URL, its host and the answer out of every error', async () => {
    const { url } = await aReceiver([404]);
    const gone = http.createServer();
    const port = await listen(gone);
    servers.pop();
    await new Promise((resolve) => gone.close(resolve));
    const notFound = reasonOf(send(url));
    const refused = reasonOf(send(`http://127.0.0.1:${port}/secret`));
    await pass(2_000);
    await pass(8_000);
    const reasons = await Promise.all([notFound, refused]);
    expect(reasons.map(({ message }) => message)).toEqual([
      'alerts.webhook answered with status 404',
      'alerts.webhook could not be reached (ECONNREFUSED)',
    ]);
    for (const reason of reasons) expect(inspect(reason, { showHidden: true })).not.toMatch(/secret|127\.0\.0\.1/);
  });

  it.each(['ftp://host.example/secret', 'javascript:secret', 'no url secret'])(
    'refuses %s, without repeating it',
    (url) => {
      expect(() => createWebhook(url, clock)).toThrow(/^alerts\.webhook is not an http or https URL$/);
    },
  );
});
