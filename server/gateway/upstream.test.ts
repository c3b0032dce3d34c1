import { stat } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { listen, type Listening } from '../testing/gateway-harness.ts';
import { HeldBody } from './held-body.ts';
import { type AnswerReceiver, type EngineCall, type RequestBody, TurnEnd, Upstream } from './upstream.ts';

const eventually = <Result>(check: () => Result): Promise<Result> => vi.waitFor(check, { interval: 2 });

const SIZED = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n';

/** One connection from the engine's side. */
interface Accepted {
  socket: Socket;
  received: string;
  isClosed: boolean;
}

/** The result of a call. */
interface Outcome {
  call: EngineCall;
  body: string;
  isDone: boolean;
  failure: unknown;
}

let engine: Listening;
let accepted: Accepted[];
/** Handles received bytes at the engine; by default each request gets an answer of known length. */
let serve: (connection: Accepted) => void;
let clock: FakeClock;
let upstream: Upstream;

beforeEach(async () => {
  accepted = [];
  serve = ({ socket }) => socket.write(SIZED);
  engine = await listen(
    createServer((socket) => {
      const connection: Accepted = { socket, received: '', isClosed: false };
      accepted.push(connection);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => (connection.isClosed = true));
      socket.on('data', (bytes) => {
        connection.received += bytes.toString('latin1');
        serve(connection);
      });
    }),
  );
  clock = new FakeClock();
  // Turns of the event loop are real, like the sockets.
  upstream = new Upstream(
    clock,
    new TurnEnd({ elapsed: () => clock.elapsed(), nextTurn: (turn) => void setImmediate(turn) }),
  );
});
afterEach(async () => {
  upstream.close();
  await engine.close();
});

function begin({
  key = 'key',
  body = 'none',
  method = 'POST',
}: { key?: string; body?: RequestBody; method?: string } = {}): Outcome {
  const receiver: AnswerReceiver = {
    information: () => undefined,
    head: () => undefined,
    settled: () => undefined,
    drained: () => undefined,
    data: (bytes) => void (outcome.body += bytes.toString()),
    end: (bytes) => {
      outcome.body += bytes.toString();
      outcome.isDone = true;
    },
    failed: (error) => void (outcome.failure = error),
  };
  const target = { port: engine.port, key };
  const call = upstream.call({ target, method, path: '/x', headers: ['Host', 'a'], body }, receiver);
  const outcome: Outcome = { call, body: '', isDone: false, failure: null };
  return outcome;
}

async function done(outcome: Outcome): Promise<Outcome> {
  await eventually(() => expect(outcome.isDone || outcome.failure !== null).toBe(true));
  return outcome;
}

/** Waits for the end of a call and of its connection's rest. */
async function doneAndRested(outcome: Outcome): Promise<Outcome> {
  await done(outcome);
  await clock.advance(6);
  return outcome;
}

const open = (): number => accepted.filter(({ isClosed }) => !isClosed).length;

describe('a connection', () => {
  test('is used again after an answer of known length', async () => {
    for (let count = 0; count < 5; count += 1)
      expect(await doneAndRested(begin())).toMatchObject({ body: 'ok', failure: null });
    expect(accepted).toHaveLength(1);
    expect(accepted[0]?.received).toBe('POST /x HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(5));
  });

  test.each([
    ['a chunked answer', CHUNKED],
    ['an answer without a length', 'HTTP/1.1 200 OK\r\n\r\nok'],
    ['an answer with Connection: close', SIZED.replace('\r\n', '\r\nConnection: close\r\n')],
    ['more than its answer', `${SIZED}!`],
  ])('is closed at once after %s', async (_title, answer) => {
    serve = ({ socket }) =>
      answer.endsWith('\r\n\r\nok') && !answer.includes('Length') ? socket.end(answer) : socket.write(answer);
    for (let count = 1; count <= 3; count += 1) {
      expect(await done(begin())).toMatchObject({ body: 'ok', failure: null });
      await eventually(() => expect([accepted.length, open()]).toEqual([count, 0]));
    }
  });

  test('is closed after an answer that arrived before the whole body was sent', async () => {
    const outcome = begin({ body: 'sized' });
    expect(outcome.call.write(Buffer.from('half'))).toBe(true);
    await done(outcome);
    await eventually(() => expect(open()).toBe(0));
    outcome.call.end([]);
    expect(outcome.call.write(Buffer.from('rest'))).toBe(true);
  });

  test('is not used again before it has rested for 5 ms', async () => {
    await done(begin());
    await clock.advance(5);
    await done(begin());
    expect(accepted).toHaveLength(2);
    await clock.advance(6);
    await done(begin());
    expect(accepted).toHaveLength(2);
  });

  test('is closed by a late second answer, which no caller gets', async () => {
    await done(begin());
    accepted[0]?.socket.write(SIZED.replace('ok', 'no'));
    await eventually(() => expect(open()).toBe(0));
    await clock.advance(6);
    expect(await done(begin())).toMatchObject({ body: 'ok', failure: null });
    expect(accepted).toHaveLength(2);
  });

  test('is not reused for another run of the engine', async () => {
    await doneAndRested(begin({ key: 'one' }));
    await done(begin({ key: 'two' }));
    expect(accepted).toHaveLength(2);
  });

  test('is kept for 4 s, which is shorter than engines keep it', async () => {
    await done(begin());
    await clock.advance(3_999);
    expect(open()).toBe(1);
    await clock.advance(1);
    await eventually(() => expect(open()).toBe(0));
    await done(begin());
    expect(accepted).toHaveLength(2);
  });

  test('is kept with one other; more are closed after 50 ms, because each occupies a thread of the engine', async () => {
    await Promise.all(Array.from({ length: 6 }, () => done(begin())));
    expect([accepted.length, open()]).toEqual([6, 6]);
    await clock.advance(49);
    expect(open()).toBe(6);
    await clock.advance(1);
    await eventually(() => expect(open()).toBe(2));
    await Promise.all(Array.from({ length: 2 }, () => done(begin())));
    expect(accepted).toHaveLength(6);
  });

  test('makes room for a new one that may wait for a thread of the engine: it has had no answer for 10 ms', async () => {
    await Promise.all(Array.from({ length: 6 }, () => done(begin())));
    serve = () => undefined;
    // None has rested yet.
    begin();
    await eventually(() => expect([accepted.length, open()]).toEqual([7, 7]));
    await clock.advance(9);
    expect(open()).toBe(7);
    await clock.advance(1);
    await eventually(() => expect(open()).toBe(1));
  });

  test('is kept beside a new one that fails or is answered', async () => {
    await Promise.all(Array.from({ length: 2 }, () => done(begin())));
    await done(begin());
    serve = ({ socket }) => socket.resetAndDestroy();
    await done(begin());
    await eventually(() => expect([accepted.length, open()]).toEqual([4, 3]));
    await clock.advance(49);
    expect(open()).toBe(3);
  });

  test('is closed when the engine sends bytes without a request', async () => {
    await done(begin());
    accepted[0]?.socket.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
    await eventually(() => expect(open()).toBe(0));
    expect(await done(begin())).toMatchObject({ body: 'ok' });
    expect(accepted).toHaveLength(2);
  });

  test('is not kept after the gateway has closed its connections', async () => {
    await done(begin());
    upstream.close();
    await eventually(() => expect(open()).toBe(0));
    await done(begin());
    await eventually(() => expect(open()).toBe(0));
    expect(clock.pending).toEqual([]);
  });
});

describe('a kept connection that dies when it is reused', () => {
  /** Makes the engine end the first connection at its next request. */
  function closeOnReuse(answer = ''): void {
    serve = ({ socket }) => {
      if (socket !== accepted[0]?.socket) socket.write(SIZED);
      else if (answer === '') socket.resetAndDestroy();
      else socket.end(answer);
    };
  }

  test('is replaced: the request is sent once more over a new connection', async () => {
    await doneAndRested(begin());
    closeOnReuse();
    expect(await done(begin({ body: HeldBody.of([Buffer.from('body')]) }))).toMatchObject({
      body: 'ok',
      failure: null,
    });
    expect(accepted.map(({ received }) => received.endsWith('\r\n\r\nbody'))).toEqual([true, true]);
  });

  test('is replaced also for a large body, whose memory is kept until it is sent', async () => {
    await doneAndRested(begin());
    const bytes = Buffer.alloc(3_000_000, 'abcdefg');
    const pieces = Array.from({ length: 3 }, (_, index) => {
      const piece = Buffer.allocUnsafeSlow(1_000_000);
      bytes.copy(piece, 0, index * 1_000_000);
      return piece;
    });
    serve = (connection) => {
      if (connection === accepted[0]) connection.socket.resetAndDestroy();
      else if (connection.received.length > bytes.length) connection.socket.write(SIZED);
    };
    const body = HeldBody.of(pieces);
    expect(await done(begin({ body }))).toMatchObject({ body: 'ok', failure: null });
    expect(accepted[1]?.received.endsWith(bytes.toString())).toBe(true);
    body.release();
    await eventually(() => expect([body.isHeld, pieces[0]?.byteLength]).toEqual([false, 0]));
  });

  test('fails a request whose body was released meanwhile', async () => {
    await doneAndRested(begin());
    const body = HeldBody.of([Buffer.from('body')]);
    serve = ({ socket }) => {
      body.release();
      socket.resetAndDestroy();
    };
    expect((await done(begin({ body }))).failure).toBeInstanceOf(Error);
    expect(accepted).toHaveLength(1);
  });

  test('fails the request after the first byte of an answer', async () => {
    await doneAndRested(begin());
    closeOnReuse('HTTP/1.1 200 OK\r\nContent-Le');
    expect((await done(begin())).failure).toBeInstanceOf(Error);
    expect(accepted).toHaveLength(1);
  });

  test('is replaced only once', async () => {
    await doneAndRested(begin());
    serve = ({ socket }) => socket.resetAndDestroy();
    expect((await done(begin())).failure).toBeInstanceOf(Error);
    expect(accepted).toHaveLength(2);
  });

  test('is not used for a request that cannot be sent again, which gets a new connection', async () => {
    await doneAndRested(begin());
    const outcome = begin({ body: 'chunked' });
    outcome.call.write(Buffer.from('body'));
    outcome.call.end([['X-Sum', '4']]);
    await done(outcome);
    expect(accepted).toHaveLength(2);
    await eventually(() => expect(accepted[1]?.received).toMatch(/\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 4\r\n\r\n$/));
  });
});

test('a kept connection on which the engine sends bytes before the request is not used', async () => {
  const turns: (() => void)[] = [];
  const endTurn = (): void => {
    for (const turn of turns.splice(0)) turn();
  };
  upstream = new Upstream(
    clock,
    new TurnEnd({ elapsed: () => clock.elapsed(), nextTurn: (turn) => void turns.push(turn) }),
  );
  const first = begin();
  endTurn();
  await doneAndRested(first);
  const second = begin();
  accepted[0]?.socket.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\n\r\nno');
  await eventually(() => expect(accepted).toHaveLength(2));
  endTurn();
  endTurn();
  expect(await done(second)).toMatchObject({ body: 'ok', failure: null });
});

test('a kept connection whose rest passed within one turn is read before it is used', async () => {
  let now = 0;
  const nextTurn = (turn: () => void): void => void setImmediate(turn);
  const clocks = { elapsed: () => now, after: clock.after.bind(clock), nextTurn };
  upstream = new Upstream(clocks, new TurnEnd(clocks));
  await done(begin());
  const outcome = await new Promise<Outcome>((resolve) => {
    // File callbacks run in the phase that reads sockets, so no socket is read between here and the end of the turn.
    stat('.', () => {
      accepted[0]?.socket.write(SIZED.replace('ok', 'no'));
      now += 10;
      resolve(begin());
    });
  });
  expect(await done(outcome)).toMatchObject({ body: 'ok', failure: null });
  expect(accepted).toHaveLength(2);
});

test('an expired connection serves a request that is read before the end of the turn', async () => {
  const turns: (() => void)[] = [];
  const held = { elapsed: () => clock.elapsed(), after: clock.after.bind(clock) };
  upstream = new Upstream(
    { ...held, nextTurn: (turn) => void turns.push(turn) },
    new TurnEnd({ ...held, nextTurn: (turn) => void setImmediate(turn) }),
  );
  await done(begin());
  await clock.advance(4_000);
  const outcome = begin();
  for (const turn of turns.splice(0)) turn();
  expect(await done(outcome)).toMatchObject({ body: 'ok', failure: null });
  expect(accepted).toHaveLength(1);
});

test('a connection is closed in time also when a timer fires a millisecond early', async () => {
  const nextTurn = (turn: () => void): void => void setImmediate(turn);
  const after = (milliseconds: number, callback: () => void): (() => void) =>
    clock.after(Math.max(1, milliseconds - 1), callback);
  const early = { elapsed: () => clock.elapsed(), after, nextTurn };
  upstream = new Upstream(early, new TurnEnd(early));
  await done(begin());
  await clock.advance(3_999);
  expect(open()).toBe(1);
  await clock.advance(1);
  await eventually(() => expect(open()).toBe(0));
});

test('a new connection that dies fails the request, because the engine may have worked on it', async () => {
  serve = ({ socket }) => socket.resetAndDestroy();
  expect((await done(begin())).failure).toBeInstanceOf(Error);
  expect(accepted).toHaveLength(1);
});

test('a destroyed call reports nothing more, and closes its connection at once', async () => {
  serve = () => undefined;
  const outcome = begin();
  await eventually(() => expect(accepted[0]?.received).not.toBe(''));
  outcome.call.destroy();
  await eventually(() => expect(open()).toBe(0));
  expect(outcome).toMatchObject({ isDone: false, failure: null });
});

test('a large body reaches the engine completely, in one request', async () => {
  const body = Buffer.alloc(3_000_000, 'abcdefg');
  const end = body.subarray(-10).toString();
  serve = (connection) => {
    if (connection.received.endsWith(end) && connection.received.length > body.length) connection.socket.write(SIZED);
  };
  await done(begin({ body: HeldBody.of([body]) }));
  expect(accepted[0]?.received.slice(-body.length)).toBe(body.toString());
});
