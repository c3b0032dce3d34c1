import { describe, expect, it } from 'vitest';
import openApi from '../openapi.json' with { type: 'json' };
import { Client } from './client.ts';
import { Operations } from './operations.ts';
import { FakeTiming } from './testing/fake-timing.ts';
import { answer, ScriptedFetch } from './testing/scripted-fetch.ts';

/** Every operation of the API has a method of its name, with exactly the parameters of the operation. */

interface Described {
  operationId: string;
  parameters: {
    $ref?: string;
    name?: string;
    in?: string;
    required?: boolean;
    schema?: { type?: string; $ref?: string };
  }[];
  requestBody?: { required: boolean };
}

/** Parameters that only `followLogs` uses. */
const ELSEWHERE = new Set(['follow']);
/** Headers that are an option of a method, by the name of the option. */
const HEADERS: Readonly<Record<string, string>> = { 'If-Match': 'ifMatch' };
/** Headers that `followLogs` replaces by another parameter. */
const UNUSED_HEADERS = new Set(['Last-Event-ID']);
const METHODS = new Set(['get', 'post', 'put', 'delete']);

const operations = Object.entries(openApi.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => METHODS.has(method))
    .map(([method, operation]) => ({ path, method: method.toUpperCase(), ...(operation as Described) })),
);

/** A unique value for a parameter. */
const sample = ({ name = '', schema }: Described['parameters'][number]): string | number | boolean | string[] => {
  if (name === 'names') return ['a', 'b'];
  if (schema?.type === 'boolean') return true;
  return schema?.type === 'integer' ? name.length : `${name} ü`;
};

describe('methods of the client', () => {
  it.each(operations.map((operation) => [operation.operationId, operation] as const))(
    '%s',
    async (id, { path, method, parameters, requestBody }) => {
      const server = new ScriptedFetch(answer({}));
      const client = new Client({ url: 'http://h:1', fetch: server.fetch });
      const steps = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `${name} /ü`);
      const query = parameters.filter((each) => each.in === 'query' && !ELSEWHERE.has(each.name ?? ''));
      const headers = parameters.filter((each) => each.in === 'header' && !UNUSED_HEADERS.has(each.name ?? ''));
      const options = Object.fromEntries([
        ...query.filter(({ required }) => required !== true).map((each) => [each.name, sample(each)]),
        ...headers.map(({ name = '' }) => [HEADERS[name], `"${name}"`]),
        ['timeout', 7],
      ]) as Record<string, unknown>;
      const needed = query.filter(({ required }) => required === true).map(sample);
      const body = { some: 'body' };
      const call = Reflect.get(client, id) as (...given: unknown[]) => Promise<unknown>;
      await call.apply(client, [...steps, ...needed, ...(requestBody === undefined ? [] : [body]), options]);
      const values = query.map((each) => [each.name, String(sample(each))]);
      const [sent] = server.requests;
      const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(`${name} /ü`));
      const url = new URL(sent?.target ?? '', client.url);
      expect([sent?.method, url.pathname]).toEqual([method, target]);
      expect([...url.searchParams]).toEqual(values);
      expect(sent?.body).toBe(requestBody === undefined ? null : JSON.stringify(body));
      for (const { name = '' } of headers) expect(sent?.headers.get(name), name).toBe(`"${name}"`);
    },
  );

  it('include no other operation', () => {
    const own = new Set(['constructor', 'exportFleetYaml']);
    const methods = Object.getOwnPropertyNames(Operations.prototype).filter((name) => !own.has(name));
    expect(methods.sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
  });

  it('return lists as lists', async () => {
    const lists = [
      { instances: [1] },
      { users: [2] },
      { keys: [3] },
      { alerts: [4] },
      { audit: [5] },
      { sessions: [6] },
      { engines: [7] },
    ];
    const { fetch } = new ScriptedFetch(...lists.map((list) => answer(list)));
    const client = new Client({ fetch });
    const given = [
      await client.listInstances(),
      await client.listUsers(),
      await client.listKeys(),
      await client.getSystemAlerts(),
      await client.getAudit(),
      await client.listSessions(),
      await client.listEngines(),
    ];
    expect(given).toEqual([[1], [2], [3], [4], [5], [6], [7]]);
  });

  it('take and return a fleet as an object or as text', async () => {
    const server = new ScriptedFetch(answer({}), answer({}), new Response('instances: []\n'));
    const client = new Client({ fetch: server.fetch });
    await client.applyFleet({ instances: [] });
    await client.applyFleet('instances: []\n', { dry_run: true });
    expect(await client.exportFleetYaml()).toBe('instances: []\n');
    expect(server.requests.map(({ body }) => body)).toEqual(['{"instances":[]}', 'instances: []\n', null]);
    expect(server.requests.map(({ headers }) => headers.get('content-type'))).toEqual([
      'application/json',
      'application/yaml',
      null,
    ]);
    expect(server.requests[2]?.headers.get('accept')).toBe('application/yaml');
  });

  it('have no timeout with wait, and a timeout of one minute otherwise', async () => {
    const timing = new FakeTiming();
    const { fetch } = new ScriptedFetch(...Array.from({ length: 9 }, () => answer({})));
    const client = new Client({ fetch }, timing);
    await client.startInstance('a', { wait: true });
    await client.stopInstance('a', {}, { wait: true });
    await client.restartInstance('a', {}, { wait: true });
    await client.deleteInstance('a');
    await client.applyFleet({ instances: [] });
    await client.verifyModel('m');
    expect(timing.waits).toEqual([]);
    await client.startInstance('a');
    await client.stopInstance('a', {}, { wait: false });
    await client.startInstance('a', { wait: true, timeout: 90 });
    expect(timing.waits).toEqual([60, 60, 90]);
  });

  it('have no timeout for requests to a model by path', async () => {
    const timing = new FakeTiming();
    const { fetch } = new ScriptedFetch(answer({}), answer({}), answer({}), answer({}));
    const client = new Client({ fetch }, timing);
    await client.request('POST', '/v1/chat/completions', { body: {} });
    await client.request('post', '/v1/chat/completions', { body: {} });
    expect(timing.waits).toEqual([]);
    await client.request('POST', '/v1/embeddings', { body: {}, timeout: 5 });
    await client.request('GET', '/v1/models');
    expect(timing.waits).toEqual([5, 60]);
  });

  it('return the status of a server that starts or stops, without an error', async () => {
    const { fetch } = new ScriptedFetch(answer({ status: 'stopping' }, 503), answer({ status: 'starting' }, 503));
    const client = new Client({ fetch });
    expect([await client.getReadiness(), await client.getHealth()]).toEqual([
      { status: 'stopping' },
      { status: 'starting' },
    ]);
  });

  it('include request, which sends any request and returns headers', async () => {
    const server = new ScriptedFetch(answer({ name: 'a' }, 200, { etag: '"7"' }));
    const client = new Client({ fetch: server.fetch });
    const { headers } = await client.request('GET', '/api/instances/a', { query: { x: 1 } });
    expect(headers.get('etag')).toBe('"7"');
    expect(server.targets).toEqual(['GET /api/instances/a?x=1']);
  });
});
