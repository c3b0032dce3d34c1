import type { LaunchPlan } from './ports/runs.ts';
import { describe, expect, it } from 'vitest';
import { backoff, failed, PLAN, queued, running, stopped } from '../testing/instance-states.ts';
import type { InstanceRecord } from './ports/instance-record.ts';
import { newSettings } from './settings/settings.ts';
import { describe as show, type ViewContext } from './instance-view.ts';

const RECORD: InstanceRecord = {
  id: 'i',
  name: 'llama',
  port: 8_100,
  portAssigned: false,
  settings: newSettings({ model_path: '/m.gguf' }),
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
  version: 3,
};
const AROUND: ViewContext = {
  model: null,
  newerFile: null,
  memory: null,
  refused: null,
  abilities: { capabilities: [], context_size: null, slots: null },
  plan: PLAN,
  isLearnt: true,
  stats: {
    memory_usage: 1,
    cpu_usage: 2,
    threads: 3,
    read_bytes: 4,
    write_bytes: 5,
    gpu_memory_usage: null,
    gpus: [],
    uptime: 6,
  },
  live: {
    in_flight: 0,
    waiting: 0,
    tokens_per_second: 0,
    last_used_at: null,
    waits_for: [],
    load: null,
    ready_at: null,
    last_load_seconds: null,
  },
  context: null,
  defaults: { autoRestart: true, maxRestarts: 5, idleTimeout: 0 },
  elapsed: 3_000,
};
const NOTHING_RUNS = { ...AROUND, stats: null };

describe('the view of an instance', () => {
  it('has pid and stats while its process runs', () => {
    expect(show(RECORD, running(), AROUND)).toMatchObject({ pid: 4_242, stats: AROUND.stats });
  });

  it.each([stopped(), failed(), backoff()])('has neither pid nor stats without a process ($status)', (state) => {
    expect(show(RECORD, state, NOTHING_RUNS)).toMatchObject({ pid: null, stats: null });
  });

  it('has neither when the process is gone before its end is reported', () => {
    expect(show(RECORD, running(), NOTHING_RUNS)).toMatchObject({ status: 'running', pid: null, stats: null });
  });

  it('has the start time of its process', () => {
    expect(show(RECORD, running(), AROUND).started_at).toBe('1970-01-01T00:00:01.000Z');
    expect(show(RECORD, queued(), NOTHING_RUNS).started_at).toBe(null);
    expect(show(RECORD, stopped(), NOTHING_RUNS).started_at).toBe(null);
  });

  it('has the reason of a failure or a restart, else null', () => {
    expect(show(RECORD, failed(), NOTHING_RUNS).reason).toBe('no such model');
    expect(show(RECORD, backoff(), NOTHING_RUNS).reason).toBe('backoff after: crash');
    expect(show(RECORD, running(), AROUND).reason).toBe(null);
  });

  it('needs a restart when the plan differs, but not for another order of the environment', () => {
    const launched = { ...PLAN, environment: { A: '1', B: '2' } };
    const state = running({ launch: { engine: 'llama_cpp', nonce: 'n', key: null, plan: launched } });
    const plan = { ...launched, environment: { B: '2', A: '1' } };
    expect(show(RECORD, state, { ...AROUND, plan }).restart_required).toBe(false);
    expect(show(RECORD, state, { ...AROUND, plan: { ...plan, port: 9_000 } }).restart_required).toBe(true);
    expect(show(RECORD, stopped(), { ...NOTHING_RUNS, plan }).restart_required).toBe(false);
    // A guessed plan is not compared.
    const guess = { ...AROUND, plan: { ...plan, port: 9_000 }, isLearnt: false };
    expect(show(RECORD, state, guess).restart_required).toBe(false);
  });

  it('needs a restart when the key moves to another place, but not for another key', () => {
    const launched = { ...PLAN, argv: ['--key', '${API_KEY}'], keyVariable: null, keyArguments: [1] };
    const state = running({ launch: { engine: 'own', nonce: 'n', key: 'k1', plan: launched } });
    const isRequired = (plan: LaunchPlan): boolean => show(RECORD, state, { ...AROUND, plan }).restart_required;
    expect(isRequired(structuredClone(launched))).toBe(false);
    expect(isRequired({ ...launched, keyVariable: 'VLLM_API_KEY' })).toBe(true);
    expect(isRequired({ ...launched, keyArguments: [] })).toBe(true);
    expect(show(RECORD, state, { ...AROUND, plan: launched }).effective_command.join(' ')).not.toContain('k1');
  });

  it('shows the command of the run, or of the next run when none is alive', () => {
    const plan = { ...PLAN, argv: ['--next'] };
    expect(show(RECORD, running(), { ...AROUND, plan }).effective_command).toEqual(['/opt/engine', '--port', '8100']);
    expect(show(RECORD, stopped(), { ...NOTHING_RUNS, plan }).effective_command).toEqual(['/opt/engine', '--next']);
  });

  it('masks secrets in the command', () => {
    const plan = { ...PLAN, argv: ['--hf-token', 'abc', '--api-key=def', '--tokens', '7'] };
    expect(show(RECORD, stopped(), { ...NOTHING_RUNS, plan }).effective_command).toEqual([
      '/opt/engine',
      '--hf-token',
      '***',
      '--api-key=***',
      '--tokens',
      '7',
    ]);
  });

  it('shows the effective restart policy', () => {
    expect(show(RECORD, stopped(), NOTHING_RUNS)).toMatchObject({ auto_restart: true, max_restarts: 5 });
    const own = { ...RECORD, settings: { ...RECORD.settings, auto_restart: false, max_restarts: 0 } };
    expect(show(own, stopped(), NOTHING_RUNS)).toMatchObject({ auto_restart: false, max_restarts: 0 });
  });

  it('shows the request settings, with defaults for those not set', () => {
    const shown = show(RECORD, stopped(), { ...NOTHING_RUNS, defaults: { ...AROUND.defaults, idleTimeout: 600 } });
    expect(shown).toMatchObject({
      on_demand: true,
      idle_timeout: 600,
      pinned: false,
      queue_limit: 1_000,
      request_defaults: {},
      request_strip: [],
    });
    expect(Object.keys(shown)).not.toEqual(expect.arrayContaining(['group', 'concurrency', 'upstream_model']));
    const said = {
      on_demand: false,
      idle_timeout: 0,
      pinned: true,
      group: 'big',
      concurrency: 2,
      queue_limit: 0,
      upstream_model: 'm',
      request_defaults: { temperature: 0 },
      request_strip: ['seed'],
    };
    expect(show({ ...RECORD, settings: { ...RECORD.settings, ...said } }, stopped(), NOTHING_RUNS)).toMatchObject(said);
  });

  it('counts restarts in a row, from 0 again after five minutes of running', () => {
    const crashed = { ...running(), restarts: 3 };
    expect(show(RECORD, crashed, AROUND).restart_count).toBe(3);
    expect(show(RECORD, crashed, { ...AROUND, elapsed: 2_000 + 300_000 }).restart_count).toBe(0);
  });
});
