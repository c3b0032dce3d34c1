import { ApiError } from '@llamactl/contract/errors';
import { describe, expect, test } from 'vitest';
import { Leases } from '../instances/slots/leases.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FakeInstances } from '../testing/gateway-harness.ts';
import { modelFailure, noAnswerFailure, unknownModel } from './failures.ts';

/** Starts a failing call to `a`, and collects its error. */
function failing(clock: FakeClock, callerSignal = new AbortController().signal) {
  const instances = new FakeInstances([{ name: 'a', port: 1 }]);
  const lease = instances.leases('a').grant('a', { port: 1, healthPath: '/', key: null }, { id: 'a', settings: {} });
  const reported: { status: number; message: string; reason: string | undefined }[] = [];
  void noAnswerFailure(lease, callerSignal, { instances, clock }).then(({ status, message, extras }) =>
    reported.push({ status, message, reason: extras.reason }),
  );
  return { instances, reported };
}

test('reports the reason of an engine that dies a moment later', async () => {
  const clock = new FakeClock();
  const { instances, reported } = failing(clock);
  await clock.advance(50);
  expect(reported).toEqual([]);
  instances.end('a', 'failed', 'it was killed by SIGKILL');
  await clock.flush();
  expect(reported).toEqual([
    {
      status: 502,
      message: 'The engine of "a" ended before it had answered; the instance is failed: it was killed by SIGKILL',
      reason: 'it was killed by SIGKILL',
    },
  ]);
  expect(clock.pending).toEqual([]);
});

test('waits at most half a second for the reason of a living engine', async () => {
  const clock = new FakeClock();
  const { reported } = failing(clock);
  await clock.advance(499);
  expect(reported).toEqual([]);
  await clock.advance(1);
  expect(reported).toMatchObject([{ status: 502, reason: undefined }]);
  expect(reported[0]?.message).toContain('gave no answer');
});

test('does not report an old reason of a living engine', async () => {
  const clock = new FakeClock();
  const { instances, reported } = failing(clock);
  Object.assign(instances.list()[0] ?? {}, { reason: 'an old one' });
  await clock.advance(500);
  expect(reported).toMatchObject([{ status: 502, reason: undefined }]);
});

test('does not wait when the caller has left', async () => {
  const clock = new FakeClock();
  const caller = new AbortController();
  const { reported } = failing(clock, caller.signal);
  caller.abort();
  await clock.flush();
  expect(reported).toHaveLength(1);
  expect(clock.pending).toEqual([]);
});

test('the error for an unknown model refers to GET /v1/models', () => {
  expect(unknownModel('a').message).toBe(
    'The model "a" does not exist: no instance has this name or alias. GET /v1/models lists the models that can be used.',
  );
});

test('the error for an unknown model names the most similar name or alias, but no unlisted one', () => {
  const instances = new FakeInstances([
    { name: 'quickstart', port: 1 },
    { name: 'embed', port: 2, aliases: ['text-embedding-3-small'] },
    { name: 'secret', port: 3, unlisted: true },
  ]);
  const messageFor = (model: string): string => unknownModel(model, null, { instances: instances.list() }).message;
  expect(messageFor('quickstar')).toBe(
    'The model "quickstar" does not exist: no instance has this name or alias; did you mean "quickstart"? GET /v1/models lists the models that can be used.',
  );
  expect(messageFor('text-embedding-3-smal')).toContain('did you mean "text-embedding-3-small"?');
  expect(messageFor('secre')).not.toContain('did you mean');
});

test('a request for an unknown model gets the most similar name', () => {
  const failure = modelFailure(new ApiError('INSTANCE_NOT_FOUND', ''), 'quickstar', {
    instances: new FakeInstances([{ name: 'quickstart', port: 1 }]),
    mayStart: true,
    problemsInLibrary: () => null,
  });
  expect(failure).toMatchObject({ message: expect.stringContaining('did you mean "quickstart"?') as unknown });
});

test('the error for a model without an instance says how to get one, in words that a shell takes', () => {
  expect(unknownModel('qwen3:8b', []).message).toBe(
    'The model "qwen3:8b" is a model without an instance: llamactl run qwen3:8b creates one and starts it.',
  );
  expect(unknownModel('a; rm -rf x', []).message).toContain('llamactl run NAME creates');
});

test('the error for a damaged model without an instance says the damage, and offers no start', () => {
  expect(unknownModel('cut:1b', ['cut:1b is cut off', 'ollama pull cut:1b downloads it again']).message).toBe(
    'The model "cut:1b" is a model without an instance, and cannot be loaded: cut:1b is cut off; ollama pull cut:1b downloads it again.',
  );
});

test('ignores leases of another instance', async () => {
  const clock = new FakeClock();
  const { reported } = failing(clock);
  new Leases().close();
  await clock.advance(100);
  expect(reported).toEqual([]);
});

test('a caller that may not start instances gets no advice to start one', () => {
  const instances = new FakeInstances([{ name: 'a', port: 1, status: 'stopped' }]);
  const failure = modelFailure(new ApiError('INSTANCE_NOT_RUNNING', ''), 'a', {
    instances,
    mayStart: false,
    problemsInLibrary: () => null,
  });
  expect(failure).toMatchObject({
    message: 'The model "a" is not running. Your key may not start it; ask somebody who may.',
  });
});

describe('an SDK, which retries a 503 by itself,', () => {
  const failed = { 'retry-after': '30' };
  const refused = new ApiError('INSTANCE_NOT_RUNNING', 'It does not run.', { headers: failed });

  function headersOf(error: ApiError, status: 'starting' | 'failed' | 'stopped'): unknown {
    const instances = new FakeInstances([{ name: 'a', port: 1, status }]);
    const failure = modelFailure(error, 'a', { instances, mayStart: true, problemsInLibrary: () => null });
    return failure instanceof ApiError ? failure.extras.headers : failure;
  }

  test('gets x-should-retry: false when a start has failed', () => {
    const error = new ApiError('START_FAILED', 'It did not start.', { status: 503, reason: 'why', headers: failed });
    const failure = modelFailure(error, 'a', {
      instances: new FakeInstances([{ name: 'a', port: 1, status: 'failed' }]),
      mayStart: true,
      problemsInLibrary: () => null,
    });
    expect(failure).toMatchObject({ code: 'START_FAILED', message: 'It did not start.', status: 503 });
    expect(failure).toMatchObject({
      extras: { reason: 'why', headers: { 'retry-after': '30', 'x-should-retry': 'false' } },
    });
  });

  test.each(['failed', 'stopped'] as const)('gets x-should-retry: false for a model that is %s', (status) => {
    expect(headersOf(refused, status)).toEqual({ 'retry-after': '30', 'x-should-retry': 'false' });
  });

  test('may retry for a state that ends by itself', () => {
    expect(headersOf(refused, 'starting')).toEqual(failed);
    expect(headersOf(new ApiError('INSTANCE_NOT_RUNNING', 'It starts.'), 'starting')).toEqual({ 'retry-after': '1' });
  });
});
