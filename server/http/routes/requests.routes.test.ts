import type { CreateKey } from '@llamactl/contract/auth';
import type { Requests as RequestsAnswer } from '@llamactl/contract/requests';
import { beforeEach, describe, expect, it } from 'vitest';
import { Requests } from '../../gateway/requests.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { FakeAudit } from '../../testing/fake-services.ts';
import { errorOf, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';

let harness: AuthHarness;
let requests: Requests;
let audit: FakeAudit;
let test: TestServer;
let ended: string[];

function begin(id: string, caller: string, instance: string | null): () => void {
  const facts = {
    id,
    caller,
    instance,
    model: 'm',
    door: 'v1',
    method: 'POST',
    path: '/v1/x',
    stream: null,
    userAgent: null,
  } as const;
  const record = requests.begin(facts, () => ended.push(id));
  return () => record.end('ok', 200);
}

beforeEach(async () => {
  harness = await AuthHarness.open();
  harness.instances.set('mine', 'id-of-mine').set('other', 'id-of-other');
  requests = new Requests({ clock: harness.clock });
  audit = new FakeAudit();
  ended = [];
  test = testServer({
    auth: harness.auth,
    clock: harness.clock,
    config: testConfig({ auth: { enabled: true } }),
    requests,
    audit,
  });
  await test.manager.create({ name: 'mine' });
  await test.manager.create({ name: 'other' });
  begin('to-mine', 'user:vera', 'mine');
  begin('to-other', 'user:olga', 'other');
  begin('to-none', 'user:olga', null);
  for (const [id, instance] of [
    ['old', 'mine'],
    ['older', 'other'],
    ['of-a-deleted', 'gone'],
  ] as const)
    begin(id, 'user:olga', instance)();
});

const keyFor = async (body: Partial<CreateKey>): Promise<string> => harness.keyOf(await harness.loggedIn('root'), body);
const ask = async (secret: string, url = '/api/requests', method: 'GET' | 'DELETE' = 'GET') =>
  test.inject({ method, url, headers: { authorization: `Bearer ${secret}` } });
const list = async (secret: string, query = ''): Promise<RequestsAnswer> =>
  (await ask(secret, `/api/requests${query}`)).json();
const ids = (list: readonly { id: string }[]): string[] => list.map(({ id }) => id);

describe('the list of requests', () => {
  it('has those in flight, oldest first, and recently finished ones, newest first', async () => {
    const { in_flight: inFlight, finished } = await list(await harness.tokenOf('olga', 'operator'));
    expect(ids(inFlight)).toEqual(['to-mine', 'to-other', 'to-none']);
    expect(ids(finished)).toEqual(['of-a-deleted', 'older', 'old']);
    expect(finished[0]).toMatchObject({ outcome: 'ok', caller: 'user:olga', model: 'm' });
  });

  it('has as many finished ones as requested', async () => {
    for (let count = 0; count < 100; count += 1) begin(`x${count}`, 'user:olga', 'mine')();
    const token = await harness.tokenOf('olga', 'operator');
    for (const [query, length] of [
      ['', 50],
      ['?finished=2', 2],
      ['?finished=0', 0],
      ['?finished=200', 103],
    ] as const) {
      expect((await list(token, query)).finished).toHaveLength(length);
    }
    expect(errorOf((await ask(token, '/api/requests?finished=201')).body).code).toBe('VALIDATION_ERROR');
  });

  it('shows whether a request waits for its turn', async () => {
    const token = await harness.tokenOf('olga', 'operator');
    const phases = async () => (await list(token)).in_flight.map(({ phase }) => phase);
    expect(await phases()).toEqual(['starting', 'starting', 'starting']);
    Object.assign(test.manager.get('mine'), { status: 'running' });
    expect(await phases()).toEqual(['queued', 'starting', 'starting']);
  });

  it('hides other callers from a viewer', async () => {
    const { in_flight: inFlight, finished } = await list(await harness.tokenOf('vera', 'viewer'));
    expect(inFlight.map(({ caller }) => caller)).toEqual(['user:vera', null, null]);
    expect(finished.map(({ caller }) => caller)).toEqual([null, null, null]);
  });

  it('shows a key for some instances only requests for these', async () => {
    const { in_flight: inFlight, finished } = await list(await keyFor({ scopes: ['operator'], instances: ['mine'] }));
    expect([ids(inFlight), ids(finished)]).toEqual([['to-mine'], ['old']]);
  });
});

describe('the filters of the list', () => {
  it('select by instance and caller, also those in flight', async () => {
    const token = await harness.tokenOf('olga', 'operator');
    const ofOther = await list(token, '?instance=OTHER');
    expect([ids(ofOther.in_flight), ids(ofOther.finished)]).toEqual([['to-other'], ['older']]);
    const ofVera = await list(token, '?caller=user:vera');
    expect([ids(ofVera.in_flight), ids(ofVera.finished)]).toEqual([['to-mine'], []]);
  });

  it('select finished ones by outcome and duration, page by page', async () => {
    const token = await harness.tokenOf('olga', 'operator');
    expect(ids((await list(token, '?outcome=refused')).finished)).toEqual([]);
    expect(ids((await list(token, '?slower_than=0.5')).finished)).toEqual([]);
    const first = await list(token, '?finished=2');
    expect([ids(first.finished), first.more]).toEqual([['of-a-deleted', 'older'], true]);
    const next = await list(token, `?finished=2&before_seq=${first.finished.at(-1)?.seq}`);
    expect([ids(next.finished), next.more]).toEqual([['old'], false]);
    expect(errorOf((await ask(token, '/api/requests?slower_than=x')).body).code).toBe('VALIDATION_ERROR');
  });

  it('tell a viewer nothing about the senders of other requests', async () => {
    const token = await harness.tokenOf('vera', 'viewer');
    const ofOlga = await list(token, '?caller=user:olga');
    expect([ofOlga.in_flight, ofOlga.finished]).toEqual([[], []]);
    expect(ids((await list(token, '?caller=user:vera')).in_flight)).toEqual(['to-mine']);
  });
});

describe('cancelling a request', () => {
  const cancel = async (secret: string, id: string) => ask(secret, `/api/requests/${id}`, 'DELETE');

  it('ends it, and is recorded', async () => {
    const answer = await cancel(await harness.tokenOf('olga', 'operator'), 'to-mine');
    expect([answer.statusCode, answer.json()]).toEqual([200, { message: 'Request cancelled successfully' }]);
    expect(ended).toEqual(['to-mine']);
    expect(audit.entries.at(-1)).toMatchObject({ subject: 'user:olga', action: 'cancelRequest', target: 'to-mine' });
  });

  it('is forbidden to viewers and to keys with only the inference scope', async () => {
    for (const secret of [await harness.tokenOf('vera', 'viewer'), await keyFor({ scopes: ['inference'] })]) {
      expect(errorOf((await cancel(secret, 'to-mine')).body).code).toBe('FORBIDDEN');
    }
    expect(ended).toEqual([]);
  });

  it.each(['unknown', 'old', 'a~1', 'a~b', '%20', 'x'.repeat(200)])('finds none in flight: %s', async (id) => {
    const answer = await cancel(await harness.tokenOf('olga', 'operator'), id);
    expect([answer.statusCode, errorOf(answer.body).code]).toEqual([404, 'NOT_FOUND']);
    expect(ended).toEqual([]);
  });

  it.each(['to-other', 'to-none'])('finds none that the key may not see: %s', async (id) => {
    const key = await keyFor({ scopes: ['operator'], instances: ['mine'] });
    expect((await cancel(key, id)).statusCode).toBe(404);
    expect((await cancel(key, 'to-mine')).statusCode).toBe(200);
    expect(ended).toEqual(['to-mine']);
  });
});
