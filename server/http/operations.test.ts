import { ApiError } from '@llamactl/contract/errors';
import type { Operation } from '@llamactl/contract/operation';
import { OPERATIONS } from '@llamactl/contract/operations';
import type { InjectOptions } from 'fastify';
import { describe, expect, it } from 'vitest';
import { anonymousAdmin, anonymousInference, type Caller } from '../auth/caller.ts';
import { SlicedWork } from '../sliced-work.ts';
import { errorOf, serverWithInstance, testServer, type TestServer } from '../testing/http-harness.ts';
import type { Result } from './answer.ts';
import { Operations, type Given } from './operations.ts';

const LIVING = new AbortController().signal;

const invoke = (
  { operations }: Pick<TestServer, 'operations'>,
  operation: Operation,
  given: Partial<Given> = {},
  caller: Caller | null = anonymousAdmin(),
  signal = LIVING,
): Promise<Result> => operations.invoke(operation, { address: '127.0.0.1', ...given }, caller, signal);

async function textOf({ content }: Result): Promise<string> {
  switch (content.kind) {
    case 'json':
      return JSON.stringify(content.value);
    case 'text':
      return content.text.toString();
    case 'nothing':
      return '';
    case 'stream': {
      const texts: string[] = [];
      for await (const text of content.texts) texts.push(text);
      return texts.join('');
    }
  }
}

/** Each call as an invocation and as a request. */
const CALLS: [string, Operation, Partial<Given>, InjectOptions][] = [
  ['a list', OPERATIONS.listInstances, { query: { status: 'stopped' } }, { url: '/api/instances?status=stopped' }],
  [
    'an instance with its tag',
    OPERATIONS.getInstance,
    { params: { name: 'my-instance' } },
    { url: '/api/instances/my-instance' },
  ],
  [
    'a command with a body',
    OPERATIONS.stopInstance,
    { params: { name: 'my-instance' }, body: { force: true } },
    { method: 'POST', url: '/api/instances/my-instance/stop', payload: { force: true } },
  ],
  [
    'a new instance with its address',
    OPERATIONS.createInstance,
    { body: { name: 'b', model_path: '/m.gguf' } },
    { method: 'POST', url: '/api/instances', payload: { name: 'b', model_path: '/m.gguf' } },
  ],
  ['a probe that is not ready', OPERATIONS.getReadiness, {}, { url: '/readyz' }],
  ['metrics as text', OPERATIONS.getMetrics, {}, { url: '/metrics' }],
  [
    'a document in the preferred form',
    OPERATIONS.exportFleet,
    { headers: { accept: 'application/yaml' } },
    { url: '/api/export', headers: { accept: 'application/yaml' } },
  ],
  ['the description of the API', OPERATIONS.getOpenApi, {}, { url: '/api/openapi.json' }],
  [
    'lines as a stream',
    OPERATIONS.getAudit,
    { headers: { accept: 'application/x-ndjson' } },
    { url: '/api/audit', headers: { accept: 'application/x-ndjson' } },
  ],
];

describe('an operation without HTTP', () => {
  it.each(CALLS)('returns what HTTP sends: %s', async (_, operation, given, request) => {
    // Two servers, because a call may change one.
    const [one, other] = [await serverWithInstance(), await serverWithInstance()];
    const result = await invoke(one, operation, given);
    const answer = await other.inject(request);
    expect([result.status, await textOf(result)]).toEqual([answer.statusCode, answer.body]);
    expect(answer.headers).toMatchObject(result.headers);
    for (const name of ['etag', 'location', 'content-encoding'])
      expect(result.headers[name]).toBe(answer.headers[name]);
  });

  it('has a status of its own when it is not the usual one', async () => {
    const test = testServer({ readiness: () => 'starting' });
    expect(await invoke(test, OPERATIONS.getReadiness, {}, null)).toMatchObject({
      status: 503,
      content: { kind: 'json', value: { status: 'starting' } },
    });
  });

  it.each<[string, Operation, Partial<Given>, InjectOptions]>([
    [
      'values that break the schema',
      OPERATIONS.stopInstance,
      { params: { name: 'my-instance' }, query: { wiat: 'true' }, body: { force: 'yes' } },
      { method: 'POST', url: '/api/instances/my-instance/stop?wiat=true', payload: { force: 'yes' } },
    ],
    [
      'a name that no instance can have',
      OPERATIONS.getInstance,
      { params: { name: '-x' } },
      { url: '/api/instances/-x' },
    ],
    ['an unknown instance', OPERATIONS.getInstance, { params: { name: 'x' } }, { url: '/api/instances/x' }],
  ])('is refused as over HTTP: %s', async (_, operation, given, request) => {
    const test = await serverWithInstance();
    const refusal = await invoke(test, operation, given).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ApiError);
    const { error, code, errors } = errorOf((await test.inject(request)).body);
    expect(refusal).toMatchObject({
      message: error,
      code,
      ...(errors === undefined ? {} : { extras: { problems: errors } }),
    });
  });

  it('is refused without its permission, before its values are checked', async () => {
    const test = await serverWithInstance();
    const wrong = { params: { name: '-x' } };
    await expect(invoke(test, OPERATIONS.stopInstance, wrong, null)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(invoke(test, OPERATIONS.stopInstance, wrong, anonymousInference())).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(test.manager.calls).toEqual([]);
  });

  it('sees only the instances of its caller', async () => {
    const test = await serverWithInstance();
    const caller = { ...anonymousAdmin(), instances: new Set<string>() };
    expect(await textOf(await invoke(test, OPERATIONS.listInstances, {}, caller))).toBe('{"instances":[]}');
  });

  it('ends with the reason of its signal', async () => {
    const operations = new Operations({
      managerFor: () => testServer().manager,
      work: new SlicedWork(testServer().clock),
    });
    operations.bind(OPERATIONS.getLiveness, ({ signal }) => {
      signal.throwIfAborted();
      return { status: 'ok' as const };
    });
    const reason = new Error('not needed any more');
    await expect(invoke({ operations }, OPERATIONS.getLiveness, {}, null, AbortSignal.abort(reason))).rejects.toBe(
      reason,
    );
  });

  it('names its object for the audit trail, even if it fails', async () => {
    const test = await serverWithInstance();
    const named: (string | null)[] = [];
    const given = {
      body: { name: 'my-instance', model_path: '/m.gguf' },
      concerns: (name: string | null) => void named.push(name),
    };
    await expect(invoke(test, OPERATIONS.createInstance, given)).rejects.toMatchObject({ code: 'INSTANCE_EXISTS' });
    expect(named).toEqual(['my-instance']);
  });
});
