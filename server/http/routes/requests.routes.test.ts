import type { CreateKey } from '@llamactl/contract/auth';
import type { Requests as RequestsAnswer } from '@llamactl/contract/requests';
import { beforeEach, describe, expect, it } from 'vitest';
import { DIALECTS } from '../../gateway/dialects.ts';
import { Requests } from '../../gateway/requests.ts';
import { SlicedWork } from '../../sliced-work.ts';
import { AuthHarness } from '../../testing/auth-harness.ts';
import { FakeAudit } from '../../testing/fake-services.ts';
import { errorOf, testConfig, testServer, type TestServer } from '../../testing/http-harness.ts';
import { seenBy } from '../edge/gate.ts';
import { gatewayRoutes } from './gateway.routes.ts';

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

describe('requests that are refused before they have a record', () => {
  beforeEach(async () => {
    test = testServer({
      auth: harness.auth,
      clock: harness.clock,
      config: testConfig({ auth: { enabled: true } }),
      requests,
      errorShapes: DIALECTS,
      plugins: [
        gatewayRoutes({
          instancesFor: (caller) => seenBy(caller, test.manager),
          clock: harness.clock,
          work: new SlicedWork(harness.clock),
          requests,
        }),
      ],
    });
    await test.manager.create({ name: 'mine' });
  });
  const send = async (url: string, secret: string | null, payload: object = {}): Promise<void> => {
    const headers = { 'user-agent': 'app/1', ...(secret === null ? {} : { authorization: `Bearer ${secret}` }) };
    await test.inject({ method: 'POST', url, payload, headers, remoteAddress: '192.0.2.7' });
  };
  const refused = async (secret: string) => (await list(secret, '?outcome=refused')).finished;

  const keyOf = (name: string): unknown => expect.stringMatching(`^key:\\S+ \\(${name}\\)$`);

  it.each<[string, () => Promise<string | null>, string, object, object]>([
    [
      'no key',
      async () => null,
      '/v1/chat/completions?key=secret',
      {},
      { caller: 'address:192.0.2.7', door: 'v1', path: '/v1/chat/completions', status: 401, user_agent: 'app/1' },
    ],
    [
      'an unknown key',
      async () => 'llk_unknown',
      '/api/instances/mine/proxy/slots',
      {},
      { caller: 'address:192.0.2.7', door: 'proxy', path: '/api/instances/mine/proxy/slots', status: 401 },
    ],
    [
      'a key without the right',
      async () => keyFor({ name: 'prometheus', scopes: ['metrics'] }),
      '/v1/chat/completions',
      { model: 'mine' },
      { caller: keyOf('prometheus'), status: 403, error: { code: 'FORBIDDEN' } },
    ],
    [
      'a key over its limit',
      async () => {
        const secret = await keyFor({ name: 'ci', scopes: ['inference'], requests_per_minute: 1 });
        await send('/v1/x', secret, { model: 'mine' });
        return secret;
      },
      '/v1/x',
      { model: 'mine' },
      { caller: keyOf('ci'), status: 429, error: { code: 'RATE_LIMITED' } },
    ],
    [
      'no model',
      async () => keyFor({ scopes: ['inference'] }),
      '/v1/x',
      {},
      { status: 400, error: { code: 'VALIDATION_ERROR' } },
    ],
    [
      'a model that a key may not use, or that no instance has',
      async () => keyFor({ scopes: ['inference'], instances: ['other'] }),
      '/v1/x',
      { model: 'mine' },
      { model: 'mine', instance: null, status: 404, error: { code: 'INSTANCE_NOT_FOUND' } },
    ],
  ])('are listed once each: %s', async (_, credentials, url, payload, row) => {
    await send(url, await credentials(), payload);
    const [first, ...more] = await refused(await harness.tokenOf('olga', 'operator'));
    expect(first).toMatchObject({ outcome: 'refused', ...row });
    expect(first?.count).toBeUndefined();
    expect(more.filter(({ status }) => status === first?.status)).toEqual([]);
  });

  it('are found by the address of their sender', async () => {
    await send('/v1/x', null);
    await send('/v1/x', null);
    const found = await list(await harness.tokenOf('olga', 'operator'), '?caller=address:192.0.2.7');
    expect(found.finished).toMatchObject([{ caller: 'address:192.0.2.7', count: 2 }]);
  });

  it('name the key that is not known, each in its own row', async () => {
    const keys = ['a', 'b'].map((letter) => `llk_${letter.repeat(43)}`);
    for (const key of [...keys, ...keys]) await send('/v1/x', key);
    const found = await list(await harness.tokenOf('olga', 'operator'), '?caller=address:192.0.2.7');
    expect(found.finished.map(({ caller, count }) => [caller, count])).toEqual([
      ['address:192.0.2.7 (llk_bbbbbb…)', 2],
      ['address:192.0.2.7 (llk_aaaaaa…)', 2],
    ]);
  });

  it('are for callers who see all requests and their senders', async () => {
    await send('/v1/x', null);
    expect(await refused(await harness.tokenOf('olga', 'operator'))).toHaveLength(1);
    expect(await refused(await harness.tokenOf('vera', 'viewer'))).toEqual([]);
    expect(await refused(await keyFor({ scopes: ['operator'], instances: ['mine'] }))).toEqual([]);
  });

  it('are not those to the API itself', async () => {
    await send('/api/instances', null);
    await send('/api/nothing', null);
    expect(await refused(await harness.tokenOf('olga', 'operator'))).toEqual([]);
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
    expect(audit.entries.at(-1)).toMatchObject({
      subject: 'user:olga',
      action: 'cancelRequest',
      target: 'to-mine (mine, user:vera)',
    });
  });

  it('records the model of a request for no instance, and only the id of one that the caller may not see', async () => {
    await cancel(await harness.tokenOf('olga', 'operator'), 'to-none');
    expect(audit.entries.at(-1)).toMatchObject({ target: 'to-none (m, user:olga)' });
    await cancel(await keyFor({ scopes: ['operator'], instances: ['mine'] }), 'to-other');
    expect(audit.entries.at(-1)).toMatchObject({ target: 'to-other' });
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
