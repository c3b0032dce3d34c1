import { ApiError } from '@llamactl/contract/errors';
import { describe, expect, test } from 'vitest';
import { Leases } from '../instances/slots/leases.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { FakeInstances } from '../testing/gateway-harness.ts';
import { modelFailure, noAnswerFailure, unknownModel } from './failures.ts';

/** The failure of a call to `a`, and whether it has been told. */
function failing(clock: FakeClock, callerSignal = new AbortController().signal) {
  const instances = new FakeInstances([{ name: 'a', port: 1 }]);
  const lease = instances.leases('a').grant('a', { port: 1, healthPath: '/', key: null }, { id: 'a', settings: {} });
  const told: { status: number; message: string; reason: string | undefined }[] = [];
  void noAnswerFailure(lease, callerSignal, { instances, clock }).then(({ status, message, extras }) =>
    told.push({ status, message, reason: extras.reason }),
  );
  return { instances, told };
}

test('an engine that died a moment later gives its reason', async () => {
  const clock = new FakeClock();
  const { instances, told } = failing(clock);
  await clock.advance(50);
  expect(told).toEqual([]);
  instances.end('a', 'failed', 'it was killed by SIGKILL');
  await clock.flush();
  expect(told).toEqual([
    {
      status: 502,
      message: 'The engine of "a" ended before it had answered; the instance is failed: it was killed by SIGKILL',
      reason: 'it was killed by SIGKILL',
    },
  ]);
  expect(clock.pending).toEqual([]);
});

test('an engine that lives is not waited for longer than half a second', async () => {
  const clock = new FakeClock();
  const { told } = failing(clock);
  await clock.advance(499);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toMatchObject([{ status: 502, reason: undefined }]);
  expect(told[0]?.message).toContain('gave no answer');
});

test('a reason from before is not taken for that of a living engine', async () => {
  const clock = new FakeClock();
  const { instances, told } = failing(clock);
  Object.assign(instances.list()[0] ?? {}, { reason: 'an old one' });
  await clock.advance(500);
  expect(told).toMatchObject([{ status: 502, reason: undefined }]);
});

test('nobody is waited for when the caller has left', async () => {
  const clock = new FakeClock();
  const caller = new AbortController();
  const { told } = failing(clock, caller.signal);
  caller.abort();
  await clock.flush();
  expect(told).toHaveLength(1);
  expect(clock.pending).toEqual([]);
});

test('a model that there is not is looked for among those that run and those that a request starts', () => {
  expect(unknownModel('a').message).toBe(
    'The model "a" does not exist: no instance has this name or alias. GET /v1/models lists the models that can be used.',
  );
});

test('leases of another instance say nothing about this one', async () => {
  const clock = new FakeClock();
  const { told } = failing(clock);
  new Leases().close();
  await clock.advance(100);
  expect(told).toEqual([]);
});

describe('an SDK, which tries a 503 again by itself,', () => {
  const failed = { 'retry-after': '30' };
  const refused = new ApiError('INSTANCE_NOT_RUNNING', 'It does not run.', { headers: failed });

  function headersOf(error: ApiError, status: 'starting' | 'failed' | 'stopped'): unknown {
    const instances = new FakeInstances([{ name: 'a', port: 1, status }]);
    const told = modelFailure(error, 'a', instances);
    return told instanceof ApiError ? told.extras.headers : told;
  }

  test('is told not to when a start has failed', () => {
    const error = new ApiError('START_FAILED', 'It did not start.', { status: 503, reason: 'why', headers: failed });
    const told = modelFailure(error, 'a', new FakeInstances([{ name: 'a', port: 1, status: 'failed' }]));
    expect(told).toMatchObject({ code: 'START_FAILED', message: 'It did not start.', status: 503 });
    expect(told).toMatchObject({
      extras: { reason: 'why', headers: { 'retry-after': '30', 'x-should-retry': 'false' } },
    });
  });

  test.each(['failed', 'stopped'] as const)('is told not to for what is %s', (status) => {
    expect(headersOf(refused, status)).toEqual({ 'retry-after': '30', 'x-should-retry': 'false' });
  });

  test('may do so for what changes by itself', () => {
    expect(headersOf(refused, 'starting')).toEqual(failed);
    expect(headersOf(new ApiError('INSTANCE_NOT_RUNNING', 'It starts.'), 'starting')).toEqual({ 'retry-after': '1' });
  });
});
