import {
  ActiveRequestSchema,
  FinishedRequestSchema,
  MOST_FINISHED_REQUESTS,
  type RequestFigures,
} from '@llamactl/contract/requests';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { finishedRequest } from '../testing/finished-request.ts';
import { type RequestFacts, type RequestRecord, Requests } from './requests.ts';

const FACTS: RequestFacts = {
  id: 'r',
  caller: 'user:ada',
  instance: null,
  model: 'm',
  door: 'v1',
  method: 'POST',
  path: '/v1/chat/completions?api_key=secret',
  stream: null,
  userAgent: null,
};
const STREAM = ['Content-Type', 'text/event-stream'];

let clock: FakeClock;
let requests: Requests;
let ended: RequestFigures[];
let cancelled: number;
beforeEach(() => {
  clock = new FakeClock();
  ended = [];
  cancelled = 0;
  requests = new Requests({ clock, onFinished: (request) => ended.push(request) });
});

const begin = (changes: Partial<RequestFacts> = {}): RequestRecord =>
  requests.begin({ ...FACTS, ...changes }, () => (cancelled += 1));
const token = (text: string): Buffer => Buffer.from(`data: {"choices":[{"delta":{"content":"${text}"}}]}\n\n`);
const usage = (into: number, out: number): Buffer =>
  Buffer.from(`data: {"usage":{"prompt_tokens":${into},"completion_tokens":${out}}}\n\n`);
const only = (status: 'running' | 'stopped' | null = null) => {
  const [request, ...others] = requests.list(() => status);
  expect(others).toEqual([]);
  return ActiveRequestSchema.strict().parse(request);
};
const inFlight = (): [string, number][] => [...requests.takeTokens()];
const last = () => FinishedRequestSchema.strict().parse(requests.finished()[0]);

describe('a request in flight', () => {
  it('is listed with its time, and without the query of its URL', () => {
    begin();
    expect(only()).toEqual({
      id: 'r',
      caller: 'user:ada',
      instance: null,
      model: 'm',
      door: 'v1',
      method: 'POST',
      path: '/v1/chat/completions',
      started_at: new Date(clock.now()).toISOString(),
      waited: null,
      stream: null,
      starting: 0,
      queued: 0,
      prompt_seconds: null,
      cached_tokens: null,
      user_agent: null,
      position: 1,
      time_to_first_token: null,
      tokens_in: null,
      tokens_out: null,
      tokens_estimated: false,
      tokens_per_second: null,
      bytes_out: 0,
      phase: 'starting',
    });
  });

  it('has the phases starting, queued, processing and streaming', async () => {
    const record = begin();
    record.waits('i', 'stopped');
    expect(only('stopped')).toMatchObject({ instance: 'i', phase: 'starting', waited: null });
    expect(only('running')).toMatchObject({ phase: 'queued' });
    await clock.advance(1_500);
    record.leased('i');
    expect(only('running')).toMatchObject({ phase: 'processing', waited: 1.5, stream: null });
    record.head(200, STREAM);
    expect(only('running')).toMatchObject({ phase: 'streaming', stream: true });
  });

  it('has the time of its first token, the number of tokens and their speed', async () => {
    const record = begin();
    record.leased('i');
    record.head(200, STREAM);
    record.bytes(Buffer.from('data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'));
    await clock.advance(500);
    record.bytes(token('a'));
    await clock.advance(1_000);
    record.bytes(token('b'));
    await clock.advance(1_000);
    record.bytes(token('c'));
    await clock.advance(9_000);
    expect(only()).toMatchObject({
      time_to_first_token: 0.5,
      tokens_in: null,
      tokens_out: 3,
      tokens_estimated: true,
      tokens_per_second: 1,
    });
    record.bytes(usage(20, 5));
    expect(only()).toMatchObject({ tokens_in: 20, tokens_out: 5, tokens_estimated: false, tokens_per_second: 2 });
    expect(only().bytes_out).toBeGreaterThan(200);
  });

  it.each([
    ['an error', 400, ['content-type', 'application/json']],
    ['a compressed answer', 200, ['content-type', 'application/json', 'content-encoding', 'gzip']],
    ['another content type', 200, ['content-type', 'text/plain']],
    ['an answer without a content type', 200, []],
  ])('has no tokens for %s', (_what, status, headers) => {
    const record = begin();
    record.leased('i');
    record.head(status, headers);
    record.bytes(Buffer.from('{"usage":{"prompt_tokens":1,"completion_tokens":1}}'));
    record.end('ok');
    expect(last()).toMatchObject({ tokens_in: null, tokens_out: null, stream: false, bytes_out: 51, status });
  });

  it('has its id, with a number if another request has that id', () => {
    const [one, other] = [begin(), begin()];
    expect([one.id, other.id]).toEqual(['r', 'r~1']);
    one.end('ok');
    expect(begin().id).toBe('r~2');
    for (let count = 0; count < MOST_FINISHED_REQUESTS; count += 1) begin({ id: `x${count}` }).end('ok');
    expect(begin().id).toBe('r');
  });

  it('cuts long models and paths', () => {
    begin({ model: 'm'.repeat(10_000), path: `/${'p'.repeat(10_000)}` });
    const { model, path } = only();
    expect([model?.length, path.length]).toEqual([200, 200]);
  });

  it.each([3_600_000, -3_600_000])('has the right duration when the wall clock jumps by %d ms', async (jump) => {
    const record = begin();
    await clock.advance(250);
    clock.jump(jump);
    record.leased('i');
    await clock.advance(250);
    record.end('ok', 200);
    expect(last()).toMatchObject({ duration: 0.5, waited: 0.25, finished_at: new Date(clock.now()).toISOString() });
  });
});

describe('a finished request', () => {
  it('is reported once, with its outcome', async () => {
    const record = begin();
    record.leased('i');
    record.head(500, ['content-type', 'application/json']);
    await clock.advance(250);
    record.end('engine_error', 200);
    record.end('aborted');
    expect(requests.list(() => null)).toEqual([]);
    expect(ended).toHaveLength(1);
    expect(last()).toMatchObject({ ...ended[0] });
    expect(last()).toMatchObject({
      outcome: 'engine_error',
      status: 500,
      duration: 0.25,
      finished_at: new Date(clock.now()).toISOString(),
    });
    expect(last()).not.toHaveProperty('phase');
  });

  it('is listed while it is one of the last, newest first', () => {
    for (let count = 0; count < MOST_FINISHED_REQUESTS + 50; count += 1) begin({ id: `r${count}` }).end('ok');
    const ids = requests.finished().map(({ id }) => id);
    expect(ids).toHaveLength(MOST_FINISHED_REQUESTS);
    expect([ids[0], ids.at(-1)]).toEqual([`r${MOST_FINISHED_REQUESTS + 49}`, 'r50']);
  });

  it('has the new name of a renamed instance, as those in flight', () => {
    begin({ id: 'over', instance: 'i' }).end('ok');
    begin({ id: 'open', instance: 'i' });
    begin({ id: 'other', instance: 'j' });
    requests.rename('i', 'new');
    expect(requests.finished().map(({ instance }) => instance)).toEqual(['new']);
    expect(requests.list(() => null).map(({ instance }) => instance)).toEqual(['new', 'j']);
  });

  it('is forgotten together with its instance', () => {
    for (const instance of ['i', 'j', null]) begin({ id: `to-${instance}`, instance }).end('ok');
    requests.forget('i');
    expect(requests.finished().map(({ id }) => id)).toEqual(['to-null', 'to-j']);
    expect(begin({ id: 'to-i' }).id).toBe('to-i');
  });
});

describe('a finished request of an earlier process', () => {
  it('is listed with an id and a number of its own, and is reported', () => {
    const reported: string[] = [];
    requests = new Requests({ clock, onFinishedElsewhere: ({ id }) => reported.push(id) });
    begin({ id: 'a' }).end('ok');
    const [own] = requests.finished();
    requests.finishedElsewhere(finishedRequest({ id: 'a', seq: 1 }));
    expect(requests.finished().map(({ id }) => id)).toEqual(['a~1', 'a']);
    expect(last().seq).toBeGreaterThan(own?.seq ?? 0);
    expect(reported).toEqual(['a~1']);
  });

  it('goes on to the next process, as those of this one, once that one serves', () => {
    const passed: string[] = [];
    const record = begin({ id: 'own' });
    requests.finishBy(({ id }) => passed.push(id));
    record.end('ok');
    requests.finishedElsewhere(finishedRequest({ id: 'earlier' }));
    expect(passed).toEqual(['own', 'earlier']);
    expect(requests.finished()).toEqual([]);
  });
});

describe('cancelling', () => {
  it('ends a request in flight, and no other', () => {
    const record = begin();
    expect(requests.cancel('unknown')).toBe(false);
    expect([record.isCancelled, cancelled]).toEqual([false, 0]);
    expect(requests.find('r')).toMatchObject({ caller: 'user:ada', instance: null });
    expect(requests.cancel('r')).toBe(true);
    expect([record.isCancelled, cancelled]).toEqual([true, 1]);
    record.end('cancelled');
    expect(requests.cancel('r')).toBe(false);
    record.cancel();
    expect(cancelled).toBe(1);
    expect(requests.find('r')).toBeNull();
  });
});

describe('the waits of a request', () => {
  it('are measured apart: for the start of its instance, and for its turn', async () => {
    const record = begin();
    record.waits('i', 'starting');
    await clock.advance(2_000);
    expect(only('stopped')).toMatchObject({ starting: 2, queued: 0, position: 1 });
    requests.statusChanged('i', 'running');
    await clock.advance(500);
    expect(only('running')).toMatchObject({ starting: 2, queued: 0.5 });
    record.leased('i');
    await clock.advance(3_000);
    expect(only('running')).toMatchObject({ starting: 2, queued: 0.5, waited: 2.5, position: null });
    record.end('ok', 200);
    expect(last()).toMatchObject({ starting: 2, queued: 0.5, duration: 5.5 });
  });

  it('add up if its engine dies and it waits again', async () => {
    const record = begin();
    record.waits('i', 'running');
    await clock.advance(1_000);
    record.leased('i');
    await clock.advance(1_000);
    record.waits('i', 'restarting');
    await clock.advance(4_000);
    record.end('refused', 503);
    expect(last()).toMatchObject({ starting: 4, queued: 1, duration: 6 });
  });

  it('do not change with another instance', async () => {
    begin().waits('i', 'stopped');
    requests.statusChanged('j', 'running');
    await clock.advance(1_000);
    expect(only('stopped')).toMatchObject({ starting: 1, queued: 0 });
  });

  it('have a place for each instance', () => {
    for (const [id, instance] of [
      ['a', 'i'],
      ['b', 'j'],
      ['c', 'i'],
    ] as const)
      begin({ id }).waits(instance, 'stopped');
    begin({ id: 'd' }).leased('i');
    expect(requests.list(() => null).map(({ id, position }) => [id, position])).toEqual([
      ['a', 1],
      ['b', 1],
      ['c', 2],
      ['d', null],
    ]);
  });
});

describe('the error of a request', () => {
  it('is that of llamactl', () => {
    const record = begin();
    record.fails('INSTANCE_NOT_RUNNING', 'i is stopped; start it first.');
    record.end('refused', 503);
    expect(last()).toMatchObject({ error: { code: 'INSTANCE_NOT_RUNNING', message: 'i is stopped; start it first.' } });
  });

  it('is the kind of the engine’s error, without its message, which may quote the request', () => {
    const record = begin();
    record.leased('i');
    record.head(400, ['Content-Type', 'application/json']);
    record.bytes(
      Buffer.from('{"error":{"code":400,"message":"bad: my secret prompt","type":"invalid_request_error"}}'),
    );
    record.end('client_error', 400);
    expect(last()).toMatchObject({
      error: {
        code: 'invalid_request_error',
        message: expect.stringMatching(/^The engine answered 400 \(invalid_request_error\)\./) as string,
      },
    });
    expect(JSON.stringify(last())).not.toContain('secret');
  });

  it('is none for a request that succeeded', () => {
    begin().end('ok', 200);
    expect(last()).toMatchObject({ error: null });
  });
});

describe('the figures of the prompt', () => {
  it('are those that llama-server reports', () => {
    const record = begin();
    record.leased('i');
    record.head(200, ['Content-Type', 'text/event-stream']);
    record.bytes(
      Buffer.from(
        'data: {"choices":[],"usage":{"completion_tokens":3,"prompt_tokens":25,"prompt_tokens_details":{"cached_tokens":20}},"timings":{"cache_n":20,"prompt_n":5,"prompt_ms":3.991,"predicted_n":3}}\n\n',
      ),
    );
    expect(only('running')).toMatchObject({ cached_tokens: 20, prompt_seconds: 0.003991, tokens_in: 25 });
    record.end('ok');
    expect(last()).toMatchObject({ cached_tokens: 20, prompt_seconds: 0.003991 });
  });
});

describe('the number of a finished request', () => {
  it('grows, also within a millisecond and after a restart', async () => {
    begin({ id: 'a' }).end('ok');
    begin({ id: 'b' }).end('ok');
    await clock.advance(1);
    const later = new Requests({ clock });
    later.begin({ ...FACTS, id: 'c' }, () => undefined).end('ok');
    const numbers = [...requests.finished().toReversed(), ...later.finished()].map(({ seq }) => seq);
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    expect(new Set(numbers).size).toBe(3);
  });
});

describe('the tokens since the last look', () => {
  const streaming = (id: string): RequestRecord => {
    const record = begin({ id, instance: 'chat' });
    record.leased('chat');
    record.head(200, STREAM);
    return record;
  };

  it('are those of all streamed answers of an instance, also of those that ended', () => {
    const [one, other] = [streaming('1'), streaming('2')];
    one.bytes(token('a'));
    one.bytes(token('b'));
    other.bytes(token('c'));
    other.end('ok');
    expect(inFlight()).toEqual([['chat', 3]]);
    one.bytes(token('d'));
    expect(inFlight()).toEqual([['chat', 1]]);
    one.end('ok');
    expect(inFlight()).toEqual([['chat', 0]]);
    expect(inFlight()).toEqual([]);
  });

  it('are reported while they come; the end has the number that was reported', () => {
    const reported: unknown[] = [];
    requests = new Requests({
      clock,
      onTokens: (...tokens) => reported.push(tokens),
      onFinished: ({ tokens_out: tokens }, _record, generated) => reported.push(['end', tokens, generated]),
    });
    const record = streaming('1');
    record.bytes(token('a'));
    record.bytes(token('b'));
    requests.takeTokens();
    record.bytes(token('c'));
    record.end('ok');
    requests.takeTokens();
    expect(reported).toEqual([
      ['chat', 2],
      ['end', 3, 2],
    ]);
  });

  it('follow the figures of the engine at the end of an answer', () => {
    const record = streaming('1');
    record.bytes(token('a'));
    inFlight();
    record.bytes(usage(7, 5));
    record.end('ok');
    expect(inFlight()).toEqual([['chat', 4]]);
  });

  it('leave out answers that come at once: their tokens are known only at the end', () => {
    const record = begin({ instance: 'chat' });
    record.leased('chat');
    record.head(200, ['Content-Type', 'application/json']);
    record.bytes(Buffer.from('{"usage":{"prompt_tokens":1,"completion_tokens":500}}'));
    record.end('ok');
    expect(inFlight()).toEqual([['chat', 0]]);
  });
});
