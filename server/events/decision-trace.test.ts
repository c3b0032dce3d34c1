import { beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../instances/ports/trace.ts';
import { DecisionTrace, type TracedDecision } from './decision-trace.ts';

let tracing: DecisionTrace;
let errors: unknown[];
let heard: TracedDecision[];

beforeEach(() => {
  errors = [];
  heard = [];
  const ids = new Map([
    ['a', 'id-a'],
    ['b', 'id-b'],
  ]);
  tracing = new DecisionTrace({
    idOf: (name) => ids.get(name) ?? null,
    nameOf: (id) => [...ids].find(([, each]) => each === id)?.[0] ?? null,
    onError: (error) => errors.push(error),
  });
});

const listen = (): (() => void) => tracing.listen((decision) => heard.push(decision));
const eviction: Decision = {
  kind: 'eviction',
  instance: { id: 'id-a' },
  other: { id: 'id-b' },
  inputs: { idle_ms: 2_000 },
};

describe('DecisionTrace', () => {
  it('is on while something listens', () => {
    expect(tracing.isOn).toBe(false);
    const [first, second] = [listen(), listen()];
    expect(tracing.isOn).toBe(true);
    first();
    expect(tracing.isOn).toBe(true);
    second();
    expect(tracing.isOn).toBe(false);
  });

  it('reads nothing of a decision while nothing listens', () => {
    const reads: PropertyKey[] = [];
    const watched = new Proxy(eviction, {
      get: (_target, key) => {
        reads.push(key);
        throw new Error('it was read');
      },
    });
    tracing.note(watched);
    expect([reads, errors]).toEqual([[], []]);
  });

  it('makes a decision a sentence, with names instead of ids', () => {
    listen();
    tracing.note(eviction);
    expect(heard).toEqual([
      {
        data: {
          decision: 'eviction',
          instance: 'a',
          other: 'b',
          message: 'is stopped for b: no request has used it for 2 s',
          inputs: { idle_ms: 2_000 },
        },
        instances: ['id-a', 'id-b'],
        namesCaller: false,
      },
    ]);
  });

  it('finds the id of an instance that a decision names, and keeps the request', () => {
    listen();
    const inputs = { outcome: 'again', because: 'engine_died' } as const;
    tracing.note({ kind: 'retry', instance: { name: 'b' }, requestId: 'r1', inputs });
    tracing.note({ kind: 'retry', instance: { name: 'gone' }, inputs });
    expect(heard).toMatchObject([
      { data: { instance: 'b', request_id: 'r1' }, instances: ['id-b'] },
      { data: { instance: 'gone' }, instances: [null] },
    ]);
  });

  it('marks a decision that names a caller', () => {
    listen();
    tracing.note({
      kind: 'admission',
      instance: null,
      inputs: {
        outcome: 'refused',
        caller: 'account ann',
        limit: 'max_in_flight',
        most: 1,
        counted: 1,
        retry_after_ms: 1_000,
      },
    });
    expect(heard).toMatchObject([{ instances: [], namesCaller: true }]);
  });

  it('does not pass the failure of a listener to the decision', () => {
    const failure = new Error('full');
    tracing.listen(() => {
      throw failure;
    });
    tracing.note(eviction);
    expect(errors).toEqual([failure]);
  });
});
