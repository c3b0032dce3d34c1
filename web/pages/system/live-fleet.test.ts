import type { FleetStats } from '@llamactl/client';
import { expect, test } from 'vitest';
import { continuedFleet, type FleetSample } from './live-fleet.ts';
import { fleetSeries } from './system-series.ts';

const UNTIL = 60;
const STATS: FleetStats = {
  window: 20,
  seconds: 10,
  until: new Date(UNTIL * 1_000).toISOString(),
  instances: [
    {
      name: 'chat',
      cpu_usage: [1, 1],
      memory_usage: [1, 1],
      tokens_per_second: [2, 4],
      requests: [1, 0],
      waiting_max: [0, 3],
    },
  ],
};

const sample = (at: number, fields: Partial<FleetSample> = {}): FleetSample => ({
  at,
  tokens: 0,
  waiting: 0,
  ended: 0,
  ...fields,
});

const continued = (stats: FleetStats, samples: readonly FleetSample[]) =>
  continuedFleet(stats, fleetSeries(stats), samples);

test('the history goes on with a mean, a rate and a peak of each step, of which the last has only begun', () => {
  const samples = [
    sample(64, { tokens: 10, waiting: 2, ended: 1 }),
    sample(68, { tokens: 20, ended: 1 }),
    sample(72, { tokens: 5 }),
  ];
  expect(continued(STATS, samples)).toEqual({
    at: [50, 60, 68, 72],
    tokens: [2, 4, 15, 5],
    requests: [6, 0, 12, null],
    waiting: [0, 3, 2, 0],
  });
});

test('a fleet at rest goes on at zero, also without a history', () => {
  expect(continued({ ...STATS, instances: [] }, [sample(62), sample(64)])).toEqual({
    at: [64],
    tokens: [0],
    requests: [null],
    waiting: [0],
  });
});

test('samples that the history has are left out', () => {
  expect(continued(STATS, [sample(58, { tokens: 99 })]).at).toEqual([50, 60]);
});
