import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorOf, exchange, openSocket, testServer, textOf, type TestServer } from '../../testing/http-harness.ts';

const MB = 1_048_576;
const WAITING = { interval: 5, timeout: 10_000 };
let test: TestServer;
let port: number;
let open: Socket[];

beforeEach(async () => {
  // Each test chooses its callers.
  test = testServer({ clientAddress: ({ headers }) => String(headers['x-caller'] ?? 'me') });
  ({ port } = await test.server.listen({ host: '127.0.0.1', port: 0 }));
  open = [];
});
afterEach(async () => {
  for (const socket of open) socket.destroy();
  await test.server.close();
});

const head = (path: string, length: number | 'chunked', caller: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-Caller: ${caller}\r\n${
    length === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${length}`
  }\r\n\r\n`;

/** Sends the beginning of a fleet. */
function halfSent(caller = 'me', length: number | 'chunked' = 16 * MB): Socket {
  const socket = openSocket(port, `${head('/api/apply', length, caller)}${length === 'chunked' ? '' : '{'}`);
  open.push(socket);
  return socket;
}

const chunk = (length: number): string => `${length.toString(16)}\r\n${' '.repeat(length)}\r\n`;

async function becomes(used: number, waiting: number): Promise<void> {
  await vi.waitFor(() => expect([test.budget.used, test.budget.waiting]).toEqual([used, waiting]), WAITING);
}

describe('the memory for bodies under /api', () => {
  it('is refused to a caller whose half is full, after ten seconds', async () => {
    const sockets = Array.from({ length: 30 }, () => halfSent());
    await becomes(32 * MB, 28);
    const texts = Promise.all(sockets.slice(2).map((socket) => answerOf(socket)));
    await test.clock.advance(10_000);
    for (const text of await texts) {
      expect(text).toMatch(/^HTTP\/1.1 429 /);
      expect(text).toMatch(/\r\nretry-after: 5\r\n/i);
      expect(errorOf(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({
        code: 'RATE_LIMITED',
        error: expect.stringContaining('32 MiB') as string,
      });
    }
    await becomes(32 * MB, 0);
  });

  it('is refused to others when it is full, after ten seconds', async () => {
    for (const caller of ['a', 'a', 'b', 'b']) halfSent(caller);
    await becomes(64 * MB, 0);
    const late = halfSent('c');
    await becomes(64 * MB, 1);
    const text = answerOf(late);
    await test.clock.advance(10_000);
    expect(await text).toMatch(/^HTTP\/1.1 503 /);
    expect(await text).toMatch(/\r\nretry-after: 5\r\n/i);
    expect(await text).toContain('"CAPACITY_EXCEEDED"');
  });

  it('is free again when the callers hang up, also those that wait', async () => {
    const sockets = Array.from({ length: 5 }, () => halfSent());
    await becomes(32 * MB, 3);
    for (const socket of sockets) socket.destroy();
    await becomes(0, 0);
    expect(test.budget.callers).toBe(0);
    expect(test.log.filter(({ level }) => Number(level) >= 40)).toEqual([]);
  });

  it('goes to a waiting body as soon as another is gone', async () => {
    const [first] = [halfSent(), halfSent()];
    const body = JSON.stringify({ instances: [] }).padEnd(MB);
    const third = exchange(port, head('/api/apply', body.length, 'me') + body);
    await becomes(32 * MB, 1);
    first.destroy();
    expect((await third)[0]?.status).toBe(200);
    await becomes(16 * MB, 0);
  });

  it('is not needed for bodies of at most 64 KiB', async () => {
    for (const caller of ['a', 'a', 'b', 'b']) halfSent(caller);
    await becomes(64 * MB, 0);
    const body = '{"name":"x"}'.padEnd(65_536);
    const answers = [
      ...(await exchange(port, head('/api/instances', body.length, 'a') + body)),
      ...(await exchange(port, `${head('/api/instances/x/stop', 'chunked', 'a')}${chunk(65_536)}0\r\n\r\n`)),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 400]);
    expect(test.budget.used).toBe(64 * MB);
  });

  it('is counted for a body in chunks as it grows', async () => {
    const socket = halfSent('a', 'chunked');
    socket.write(chunk(50_000));
    socket.write(chunk(50_000));
    await vi.waitFor(() => expect(test.budget.used).toBeGreaterThanOrEqual(100_000), WAITING);
    expect(test.budget.used).toBeLessThanOrEqual(200_000);
    const reserved = test.budget.used;
    socket.write(chunk(MB));
    await vi.waitFor(() => expect(test.budget.used).toBeGreaterThan(reserved + MB / 2), WAITING);
    socket.destroy();
    await becomes(0, 0);
  });

  it('is refused to a body in chunks that grows beyond it', async () => {
    for (const caller of ['a', 'a', 'b', 'b']) halfSent(caller);
    await becomes(64 * MB, 0);
    const late = halfSent('c', 'chunked');
    late.write(chunk(100_000));
    await becomes(64 * MB, 1);
    const text = answerOf(late);
    await test.clock.advance(10_000);
    expect(await text).toMatch(/^HTTP\/1.1 503 /);
    await becomes(64 * MB, 0);
  });

  it.each([
    ['an answer', '/api/apply', JSON.stringify({ instances: [] }).padEnd(100_000), 200],
    ['invalid JSON', '/api/apply', '{'.padEnd(100_000), 400],
    ['an invalid value', '/api/apply', '[]'.padEnd(100_000), 400],
    ['a body that is too large', '/api/instances', ' '.repeat(2 * MB), 413],
  ])('is free after %s', async (_, path, body, status) => {
    const [answer] = await exchange(port, head(path, body.length, 'me') + body);
    expect(answer?.status).toBe(status);
    await becomes(0, 0);
    const length = body.length.toString(16);
    const [other] = await exchange(port, `${head(path, 'chunked', 'me')}${length}\r\n${body}\r\n0\r\n\r\n`);
    expect(other?.status).toBe(status);
    await becomes(0, 0);
  });

  it('is free after a body that did not arrive in time', async () => {
    const socket = halfSent();
    await becomes(16 * MB, 0);
    const text = answerOf(socket);
    await test.clock.advance(60_000);
    expect(await text).toMatch(/^HTTP\/1.1 408 /);
    socket.destroy();
    await becomes(0, 0);
  });

  it('is not reserved for a body that is refused by its length, or that stays unread', async () => {
    const reserve = vi.spyOn(test.budget, 'reserve');
    const [refused] = await exchange(port, head('/api/apply', 17 * MB, 'me'));
    expect(refused?.status).toBe(413);
    const get = head('/api/instances', 5 * MB, 'me').replace('POST', 'GET');
    expect((await exchange(port, get))[0]?.status).toBe(200);
    expect(reserve).not.toHaveBeenCalled();
  });
});

describe('a caller that hangs up', () => {
  it('ends the work on its large document, also while this waits for its turn', async () => {
    const turns: (() => void)[] = [];
    // Each look at the clock ends a slice.
    let now = 0;
    vi.spyOn(test.clock, 'elapsed').mockImplementation(() => (now += 10));
    vi.spyOn(test.clock, 'nextTurn').mockImplementation((turn) => void turns.push(turn));
    const body = JSON.stringify({ instances: Array.from({ length: 1_000 }, (_, index) => ({ name: `i${index}` })) });
    const sent = head('/api/apply', 200_000, 'me') + body.padEnd(200_000);
    const sockets = [openSocket(port, sent), openSocket(port, sent)];
    open.push(...sockets);
    await becomes(400_000, 0);
    await vi.waitFor(() => expect(turns.length).toBeGreaterThan(0), WAITING);
    for (const socket of sockets) socket.destroy();
    await becomes(0, 0);
    let taken = 0;
    for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
      turn();
      taken += 1;
      await new Promise(setImmediate);
    }
    expect(taken).toBeLessThan(10);
  });
});

/** Returns the first answer of a connection. */
async function answerOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes('\r\n\r\n') && text.endsWith('}')) resolve(text);
    });
    void textOf(socket).then(resolve);
  });
}
