import type { Instance } from '@llamactl/contract/instance';
import { describe, expect, it } from 'vitest';
import { newInstance } from '../../testing/fake-manager.ts';
import { explain } from './explanation.ts';
import type { WhyFacts } from './why-facts.ts';

const LAST = { code: 1, signal: null, at: '2026-03-01T11:57:00Z', cause: null };

function facts(instance: Partial<Instance>, rest: Partial<WhyFacts> = {}): WhyFacts {
  return {
    instance: { ...newInstance({ name: 'qwen' }, 8_100), model_path: '/m/qwen.gguf', ...instance },
    health: null,
    alerts: [],
    memory: null,
    log: [],
    waitsFor: [],
    evictedFor: null,
    estimate: null,
    tried: [],
    engineOptions: null,
    meantOption: () => null,
    now: Date.parse('2026-03-01T12:00:00Z'),
    ...rest,
  };
}

describe('the phrases of an explanation', () => {
  it('are the state, then the reason, whose words stand beside them', () => {
    const reason = 'the model file /m/qwen.gguf does not exist';
    const { phrases, words } = explain(facts({ status: 'failed', reason }));
    expect(phrases).toEqual([
      { kind: 'failed', data: { name: 'qwen' } },
      { kind: 'model_missing', data: { file: '/m/qwen.gguf' } },
    ]);
    expect(words).toBe(reason);
  });

  it('count the restarts after which llamactl gave up', () => {
    const reason = 'gave up after 3 restarts in a row: the engine exited with status 1';
    expect(explain(facts({ status: 'failed', reason })).phrases?.[0]).toEqual({
      kind: 'gave_up',
      data: { name: 'qwen', restarts: 3 },
    });
  });

  it('name the instance for which another was evicted', () => {
    const last = { ...LAST, code: 0, lines: [], reason: 'it was evicted: another instance needed its slot or memory' };
    const { phrases } = explain(facts({ status: 'stopped', last_exit: last }, { evictedFor: 'vision' }));
    expect(phrases).toEqual([
      { kind: 'run_ended', data: { name: 'qwen', seconds: 180 } },
      { kind: 'evicted', data: { instance: 'vision' } },
    ]);
  });

  it('are there for every step and every fact but output and alerts', () => {
    const known = facts(
      {
        status: 'failed',
        reason: 'CUDA error: out of memory',
        last_exit: { ...LAST, reason: 'x', lines: [] },
        restart_count: 2,
      },
      { memory: { used: 1, total: 2 }, tried: [{ setting: 'options.n_gpu_layers', value: 20 }] },
    );
    const { remedies, evidence } = explain(known);
    expect(remedies.length).toBeGreaterThan(3);
    expect(remedies.filter(({ phrase }) => phrase === undefined)).toEqual([]);
    expect(evidence.map(({ what, phrase }) => [what, phrase?.kind])).toEqual([
      ['port', 'port'],
      ['last exit', 'last_exit'],
      ['restarts', 'restarts'],
      ['tried', 'tried_value'],
      ['retry', 'retried_for_requests'],
      ['memory', 'memory_in_use'],
    ]);
  });
});
