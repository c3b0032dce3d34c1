import type { CreateInstance } from '@llamactl/contract/instance';
import { describe, expect, it } from 'vitest';
import {
  backoff,
  failed,
  goingDown,
  LAUNCH,
  loading,
  PLAN,
  queued,
  running,
  stopped,
  stopping,
} from '../../testing/instance-states.ts';
import { type Comparisons, planFleet } from './fleet-plan.ts';
import type { InstanceState } from '../life/lifecycle.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { StoredInstance } from '../ports/instance-store.ts';
import type { LaunchPlan } from '../ports/runs.ts';
import { newSettings } from '../settings/settings.ts';

/** Plans like llama-server's adapter: twins are one flag, and the plan contains only flags. */
const planOf = ({ port, settings }: InstanceRecord): LaunchPlan => ({
  ...PLAN,
  argv: Object.entries(settings.options).flatMap(([key, value]) => [
    `--${key.replace('context_size', 'ctx_size')}`,
    String(value),
  ]),
  environment: settings.environment,
  port,
});

function anInstance(state: InstanceState, settings: Partial<CreateInstance> = {}): StoredInstance {
  const record = {
    id: '1',
    name: 'a',
    port: 8_100,
    portAssigned: true,
    settings: newSettings({ options: { context_size: 512, seed: 1 }, ...settings }),
    createdAt: '',
    updatedAt: '',
    version: 1,
  };
  const launched = (run: object): object => ({ ...run, launch: { ...LAUNCH, plan: planOf(record) } });
  const live = 'run' in state && state.run.launch !== null ? { ...state, run: launched(state.run) } : state;
  return { record, state: live as InstanceState };
}

function step(present: StoredInstance, wanted: Partial<CreateInstance>) {
  const [move] = planFleet([{ name: 'a', ...wanted }], [present], planOf);
  return [move?.action, move?.changes];
}

const SAME = { options: { context_size: 512, seed: 1 } };

describe('the plan for an instance', () => {
  it.each([
    ['starting, queued', queued(), 'restart'],
    ['starting, loading', loading(), 'restart'],
    ['running', running(), 'restart'],
    ['restarting, going down', goingDown('start'), 'restart'],
    ['restarting, in a backoff', backoff(), 'restart'],
    ['stopped', stopped(), 'change'],
    ['failed', failed(), 'change'],
    ['stopping', stopping(), 'change'],
  ])('has the right action while the instance is %s', (_what, state, action) => {
    const other = { options: { context_size: 1_024, seed: 1 } };
    expect(step(anInstance(state), other)).toEqual([action, ['options.context_size']]);
    expect(step(anInstance(state), { ...SAME, unlisted: true })).toEqual(['change', ['unlisted']]);
    expect(step(anInstance(state), SAME)).toEqual(['nothing', []]);
  });

  it('compares an entry with a record once for several plans, and again with a new record', () => {
    let read = 0;
    const entry = {
      name: 'a',
      get options() {
        read += 1;
        return { context_size: 1_024 };
      },
    };
    const kept: Comparisons = new Map();
    const changesOf = (present: StoredInstance) => planFleet([entry], [present], planOf, kept)[0]?.changes;
    const present = anInstance(stopped());
    const first = changesOf(present);
    const reads = read;
    expect(changesOf({ ...present, state: running() })).toEqual(first);
    expect(read).toBe(reads);
    expect(changesOf({ ...present, record: { ...present.record, settings: newSettings(entry) } })).toEqual([]);
  });

  it('changes the spelling of an option without a restart', () => {
    expect(step(anInstance(running()), { options: { ctx_size: 512, seed: 1 } })).toEqual([
      'change',
      ['options.context_size', 'options.ctx_size'],
    ]);
  });

  it('restarts for another order of options, but not of variables', () => {
    expect(step(anInstance(running()), { options: { seed: 1, context_size: 512 } })).toEqual(['restart', ['options']]);
    const environment = { A: '1', B: '2' };
    expect(step(anInstance(running(), { environment }), { ...SAME, environment: { B: '2', A: '1' } })).toEqual([
      'nothing',
      [],
    ]);
  });

  it('does not restart for an entry that names the current port, but keeps the port fixed', () => {
    expect(step(anInstance(running()), { ...SAME, port: 8_100 })).toEqual(['change', ['port']]);
    expect(step(anInstance(running()), { ...SAME, port: 8_101 })).toEqual(['restart', ['port']]);
  });

  it('restarts an instance whose engine was no longer configured', () => {
    const present = anInstance(running());
    const known = (record: InstanceRecord): LaunchPlan | null =>
      record.settings.engine === 'gone' ? null : planOf(record);
    const gone = {
      ...present,
      record: { ...present.record, settings: { ...present.record.settings, engine: 'gone' } },
    };
    const [move] = planFleet([{ name: 'a', ...SAME, options: { seed: 2 } }], [gone], known);
    expect(move?.action).toBe('restart');
  });
});
