import type { Health } from '@llamactl/contract/health';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../testing/fake-clock.ts';
import { backoff, failed, goingDown, loading, running, stopped, stopping } from '../../testing/instance-states.ts';
import { HealthReports } from './health-report.ts';
import type { InstanceState } from '../life/lifecycle.ts';
import type { ProbeResult } from '../ports/engine-endpoint.ts';

function aProbe(answer: ProbeResult) {
  const clock = new FakeClock();
  const keys: (string | null)[] = [];
  const faults: unknown[] = [];
  const endpoint = {
    probe: async ({ key }: { key: string | null }) => {
      keys.push(key);
      return answer;
    },
  };
  const probe = new HealthReports(
    clock,
    endpoint,
    (error) => faults.push(error),
    () => null,
  );
  return { clock, probe, keys, faults, probes: () => keys.length };
}

/** The state, with an engine that takes a key. */
function withKey(state: InstanceState): InstanceState {
  if (!('run' in state) || state.run.launch === null) return state;
  return { ...state, run: { ...state.run, launch: { ...state.run.launch, key: 'key' } } };
}

/** Checks the health of an instance without a start obstacle. */
const check = (probe: HealthReports, state: InstanceState): Promise<Health> =>
  probe.check('i', state, async () => null);

describe('the health of an instance', () => {
  it.each([
    [running(), 'ok', 'healthy', 'running', 'open', 'ok'],
    [running(), 'loading', 'unhealthy', 'running', 'open', 'loading'],
    [running(), 'error', 'unhealthy', 'running', 'open', 'error'],
    [running(), 'timeout', 'unhealthy', 'running', 'open', 'timeout'],
    [running(), 'closed', 'unhealthy', 'running', 'closed', 'none'],
    [loading(), 'loading', 'starting', 'running', 'open', 'loading'],
    [loading(), 'closed', 'starting', 'running', 'closed', 'none'],
    [stopping(), 'ok', 'unhealthy', 'running', 'open', 'ok'],
    [goingDown('start'), 'ok', 'unhealthy', 'running', 'open', 'ok'],
    [backoff(), 'ok', 'unhealthy', 'stopped', 'closed', 'none'],
    [failed(), 'ok', 'stopped', 'stopped', 'closed', 'none'],
    [stopped(), 'ok', 'stopped', 'stopped', 'closed', 'none'],
  ] as const)('$0.status with an answer of %s is %s', async (state, answer, status, process, port, response) => {
    const { probe, clock } = aProbe(answer);
    expect(await check(probe, state)).toEqual({
      status,
      checks: { process, port, response },
      last_check: new Date(clock.now()).toISOString(),
    });
  });

  it('has the obstacle to the next start of a running instance, and of one without a run', async () => {
    const { probe } = aProbe('ok');
    const obstacle = { code: 'ENGINE_NOT_FOUND', message: 'llama-server was not found' } as const;
    const obstacleOf = async (state: InstanceState): Promise<unknown> =>
      (await probe.check(state.status, state, async () => obstacle)).start_obstacle;
    expect(await Promise.all([stopped(), failed(), running()].map(obstacleOf))).toEqual([
      { ...obstacle, cause: 'engine_missing' },
      { ...obstacle, cause: 'engine_missing' },
      { ...obstacle, cause: 'engine_missing' },
    ]);
    expect(await Promise.all([loading(), backoff()].map(obstacleOf))).toEqual([undefined, undefined]);
  });

  it('is answered after two seconds without the start obstacle when the disk hangs', async () => {
    const { probe, clock } = aProbe('ok');
    const answered: Health[] = [];
    const check = probe.check('i', stopped(), () => new Promise(() => {})).then((health) => answered.push(health));
    await clock.advance(1_999);
    expect(answered).toEqual([]);
    await clock.advance(1);
    await check;
    expect(answered).toMatchObject([{ status: 'stopped' }]);
    expect(answered[0]).not.toHaveProperty('start_obstacle');
  });

  it('of a running engine waits half a second for a disk that hangs', async () => {
    const { probe, clock } = aProbe('ok');
    const answered: Health[] = [];
    const check = probe.check('i', running(), () => new Promise(() => {})).then((health) => answered.push(health));
    await clock.advance(499);
    expect(answered).toEqual([]);
    await clock.advance(1);
    await check;
    expect(answered).toMatchObject([{ status: 'healthy' }]);
  });

  it('looks ahead for an instance at most once at a time, however long it takes or fails', async () => {
    const { probe, clock } = aProbe('ok');
    const obstacle = { code: 'MODEL_NOT_FOUND', message: 'no model' } as const;
    const disk = Promise.withResolvers<typeof obstacle>();
    let looks = 0;
    const ask = (instance: string, state: InstanceState): Promise<Health> =>
      probe.check(instance, state, () => {
        looks += 1;
        return disk.promise;
      });
    const asked = [ask('i', stopped())];
    for (let second = 0; second < 5; second += 1) {
      await clock.advance(1_000);
      asked.push(ask('i', stopped()), ask('i', failed()));
    }
    expect(looks).toBe(1);
    asked.push(ask('j', stopped()));
    expect(looks).toBe(2);
    disk.resolve(obstacle);
    const named = { ...obstacle, cause: 'model_missing' };
    const obstacles = (await Promise.all(asked)).map(({ start_obstacle }) => start_obstacle);
    expect([obstacles[0], obstacles.at(-1), obstacles.at(-2)]).toEqual([undefined, named, named]);
    expect(clock.pending).toEqual([]);
    await clock.advance(1_000);
    await ask('i', stopped());
    expect(looks).toBe(3);
  });

  it('is answered without an obstacle when the look-ahead fails, and reports the fault', async () => {
    const { probe, clock, faults } = aProbe('ok');
    const fault = new Error('EIO: i/o error');
    const health = await probe.check('i', stopped(), async () => Promise.reject(fault));
    expect(health).toEqual({
      status: 'stopped',
      checks: { process: 'stopped', port: 'closed', response: 'none' },
      last_check: new Date(clock.now()).toISOString(),
    });
    expect(faults).toEqual([fault]);
    await clock.advance(1_000);
    const obstacle = { code: 'PORT_IN_USE', message: 'taken' } as const;
    expect((await probe.check('i', stopped(), async () => obstacle)).start_obstacle).toEqual({
      ...obstacle,
      cause: 'port_in_use',
    });
  });

  it('is shared among callers for a second', async () => {
    const { probe, clock, probes } = aProbe('ok');
    await Promise.all([check(probe, running()), check(probe, running()), check(probe, running())]);
    expect(probes()).toBe(1);
    await clock.advance(1_000);
    await check(probe, running());
    expect(probes()).toBe(2);
  });

  it('is probed again when the state has changed', async () => {
    const { probe, probes } = aProbe('ok');
    await check(probe, loading());
    await check(probe, running());
    expect(probes()).toBe(2);
  });

  it('is probed with the key only after the engine was ready: before, a foreign process may have the port', async () => {
    const { probe, keys } = aProbe('ok');
    await check(probe, withKey(loading()));
    await check(probe, withKey(running()));
    expect(keys).toEqual([null, 'key']);
  });
});
