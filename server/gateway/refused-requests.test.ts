import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { finishedRequest } from '../testing/finished-request.ts';
import { ANY_REQUEST } from './finished-requests.ts';
import { type Refusal, RefusedRequests } from './refused-requests.ts';
import { Requests } from './requests.ts';

const REFUSAL: Refusal = {
  id: 'r',
  caller: 'address:192.0.2.7',
  key: null,
  door: 'v1',
  method: 'POST',
  path: '/v1/chat/completions?key=secret',
  userAgent: 'OpenAI/Python 2.1.0',
  status: 401,
  code: 'UNAUTHORIZED',
  message: 'This key has expired; make another one.',
};

function noted(refused: RefusedRequests, ...changes: Partial<Refusal>[]): (string | null)[] {
  return changes.map((change) =>
    refused.note({ ...REFUSAL, ...change }, () => ({ id: change.id ?? 'r', seq: Number(change.id ?? 0) })),
  );
}

describe('the rows of refused requests', () => {
  it('say who sent what, when and why it was refused, without the query', () => {
    const refused = new RefusedRequests(new FakeClock());
    noted(refused, {});
    expect(refused.all()).toEqual([
      finishedRequest({
        id: 'r',
        seq: 0,
        caller: 'address:192.0.2.7',
        instance: null,
        model: null,
        method: 'POST',
        path: '/v1/chat/completions',
        started_at: '2023-11-14T22:13:20.000Z',
        finished_at: '2023-11-14T22:13:20.000Z',
        waited: null,
        starting: 0,
        queued: 0,
        user_agent: 'OpenAI/Python 2.1.0',
        stream: null,
        time_to_first_token: null,
        prompt_seconds: null,
        tokens_in: null,
        cached_tokens: null,
        tokens_out: null,
        tokens_per_second: null,
        bytes_out: 0,
        duration: 0,
        outcome: 'refused',
        status: 401,
        error: { code: 'UNAUTHORIZED', message: 'This key has expired; make another one.' },
      }),
    ]);
  });

  it('stand for all refusals of one caller with one code within a minute', async () => {
    const clock = new FakeClock();
    const refused = new RefusedRequests(clock);
    noted(refused, { id: '1' }, { id: '2' }, { id: '3', caller: 'key:7 (ci)' }, { id: '4', code: 'TOKEN_EXPIRED' });
    noted(refused, { id: '5' });
    await clock.advance(60_000);
    noted(refused, { id: '6' });
    expect(refused.all().map(({ id, count }) => [id, count])).toEqual([
      ['1', 3],
      ['3', undefined],
      ['4', undefined],
      ['6', undefined],
    ]);
  });

  it('are separate for the unknown keys of one address, but not for any number of them', () => {
    const refused = new RefusedRequests(new FakeClock());
    const tried = Array.from({ length: 13 }, (_, index) => ({ caller: 'address:1', key: `llk_${index}` }));
    noted(refused, ...tried, { caller: 'address:1', key: 'llk_0' }, { caller: 'address:11', key: 'llk_0' });
    const rows = refused.all().map(({ caller, count }) => [caller, count]);
    expect(rows).toHaveLength(12);
    expect([rows[0], ...rows.slice(9)]).toEqual([
      ['address:1 (llk_0…)', 2],
      ['address:1 (llk_9…)', undefined],
      ['address:1', 3],
      ['address:11 (llk_0…)', undefined],
    ]);
  });

  it('are bounded: the oldest goes', () => {
    const refused = new RefusedRequests(new FakeClock(), 2);
    const replaced = noted(
      refused,
      { id: '1', caller: 'address:1' },
      { id: '2', caller: 'address:2' },
      { id: '3', caller: 'address:3' },
    );
    expect(replaced).toEqual([null, null, '1']);
    expect(refused.all().map(({ id }) => id)).toEqual(['2', '3']);
  });
});

describe('the list of requests', () => {
  const facts = { instance: 'chat', model: 'chat', stream: false } as const;

  it('has refusals among the others, and only when it is asked for them', () => {
    const requests = new Requests({ clock: new FakeClock() });
    const finish = (id: string): void =>
      void requests.begin({ ...REFUSAL, ...facts, id }, () => undefined).end('ok', 200);
    const page = (hasRefused: boolean): string[] =>
      requests.finishedPage(10, ANY_REQUEST, () => true, hasRefused).finished.map(({ id }) => id);
    finish('a');
    requests.noteRefusal({ ...REFUSAL, id: 'b' });
    finish('c');
    expect([page(true), page(false)]).toEqual([
      ['c', 'b', 'a'],
      ['c', 'a'],
    ]);
  });

  it('keeps its rows in a flood of refusals from any number of addresses', () => {
    const requests = new Requests({ clock: new FakeClock() });
    requests.begin({ ...REFUSAL, ...facts, id: 'real' }, () => undefined).end('ok', 200);
    for (let address = 0; address < 6_000; address += 1)
      requests.noteRefusal({ ...REFUSAL, id: 'bad', caller: `address:${address}` });
    const { finished } = requests.finishedPage(10_000, ANY_REQUEST, () => true, true);
    expect(finished).toHaveLength(501);
    expect(finished.at(-1)?.id).toBe('real');
    expect(new Set(finished.map(({ id }) => id)).size).toBe(501);
  });
});
