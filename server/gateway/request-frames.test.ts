import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { RequestFrames, type RequestNews } from './request-frames.ts';
import { Requests } from './requests.ts';

let clock: FakeClock;
let wanted: Set<string>;
let sent: RequestNews[];
let requests: Requests;

beforeEach(() => {
  clock = new FakeClock();
  wanted = new Set(['request_started', 'request_finished']);
  sent = [];
  const frames = new RequestFrames({
    clock,
    wants: (type) => wanted.has(type),
    view: (record) => requests.view(record, () => 'running'),
    send: (news) => sent.push(news),
  });
  requests = new Requests({
    clock,
    onBegin: (record) => frames.started(record),
    onFinished: (_figures, record) => frames.finished(record),
  });
});

const begin = (id: string) =>
  requests.begin(
    {
      id,
      caller: 'user:ada',
      instance: null,
      model: 'm',
      door: 'v1',
      method: 'POST',
      path: '/v1/x',
      stream: true,
      userAgent: null,
    },
    () => undefined,
  );

describe('frames about requests', () => {
  it('have the request as the list has it, with the instance that became known meanwhile', async () => {
    const record = begin('r');
    record.waits('chat', 'running');
    await clock.advance(50);
    expect(sent).toEqual([{ type: 'request_started', data: requests.list(() => 'running')[0] }]);
    expect(sent[0]?.data).toMatchObject({ id: 'r', instance: 'chat', phase: 'queued' });
    record.end('refused', 503);
    await clock.advance(50);
    expect(sent[1]).toEqual({ type: 'request_finished', data: requests.finished()[0] });
  });

  it('come in order for a request that is over at once', async () => {
    begin('r').end('refused', 404);
    await clock.advance(50);
    expect(sent.map(({ type }) => type)).toEqual(['request_started', 'request_finished']);
  });

  it('are made only of a type that a client wants', async () => {
    wanted.delete('request_started');
    begin('r').end('ok');
    await clock.advance(50);
    expect(sent.map(({ type }) => type)).toEqual(['request_finished']);
  });

  it('are limited, so that a storm of requests fills no memory', async () => {
    for (let index = 0; index < 2_000; index += 1) begin(String(index)).end('ok');
    await clock.advance(50);
    expect(sent).toHaveLength(500);
    begin('later');
    await clock.advance(50);
    expect(sent.at(-1)?.data.id).toBe('later');
  });
});
