import type { DomainEvent } from '@llamactl/contract/events';
import type { Status } from '@llamactl/contract/instance';
import { beforeEach, describe, expect, it } from 'vitest';
import { GatewayCounters } from './gateway-counters.ts';
import { LifeCounters } from './life-counters.ts';
import type { RequestFigures } from '@llamactl/contract/requests';
import { Exposition } from './exposition.ts';

const REQUEST: RequestFigures = {
  instance: 'i',
  door: 'v1',
  outcome: 'ok',
  duration: 2,
  waited: 0.5,
  time_to_first_token: 1,
  tokens_in: 20,
  tokens_out: 5,
  tokens_per_second: 4,
  bytes_out: 300,
};

/** The sample lines, without help and types. */
function figures(
  counters: { write: (exposition: Exposition, names: readonly string[]) => void },
  ...names: string[]
): string[] {
  const exposition = new Exposition();
  counters.write(exposition, names);
  return exposition
    .bytes()
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

describe('GatewayCounters', () => {
  let counters: GatewayCounters;
  beforeEach(() => {
    counters = new GatewayCounters();
  });

  it('counts requests by instance, door and outcome', () => {
    counters.finished(REQUEST);
    counters.finished(REQUEST);
    counters.finished({ ...REQUEST, outcome: 'aborted' });
    counters.finished({ ...REQUEST, door: 'proxy' });
    counters.finished({ ...REQUEST, instance: 'j', outcome: 'refused' });
    expect(figures(counters, 'i', 'j').filter((line) => line.startsWith('llamactl_requests_total'))).toEqual([
      'llamactl_requests_total{instance="i",door="v1",outcome="ok"} 2',
      'llamactl_requests_total{instance="i",door="v1",outcome="aborted"} 1',
      'llamactl_requests_total{instance="i",door="proxy",outcome="ok"} 1',
      'llamactl_requests_total{instance="j",door="v1",outcome="refused"} 1',
    ]);
  });

  it('sums tokens, bytes and times', () => {
    counters.finished(REQUEST);
    counters.finished({
      ...REQUEST,
      tokens_in: null,
      tokens_out: 3,
      time_to_first_token: null,
      tokens_per_second: null,
    });
    expect(figures(counters, 'i')).toEqual(
      expect.arrayContaining([
        'llamactl_prompt_tokens_total{instance="i",door="v1"} 20',
        'llamactl_generated_tokens_total{instance="i",door="v1"} 8',
        'llamactl_response_bytes_total{instance="i",door="v1"} 600',
        'llamactl_request_duration_seconds_bucket{instance="i",door="v1",le="1"} 0',
        'llamactl_request_duration_seconds_bucket{instance="i",door="v1",le="2.5"} 2',
        'llamactl_request_duration_seconds_sum{instance="i",door="v1"} 4',
        'llamactl_request_wait_seconds_count{instance="i",door="v1"} 2',
        'llamactl_time_to_first_token_seconds_count{instance="i",door="v1"} 1',
        'llamactl_request_tokens_per_second_sum{instance="i",door="v1"} 4',
      ]),
    );
  });

  it('ignores refused and broken requests in durations', () => {
    for (const outcome of ['refused', 'broken', 'aborted', 'client_error'] as const) {
      counters.finished({ ...REQUEST, outcome, waited: null, time_to_first_token: null, tokens_per_second: null });
    }
    expect(figures(counters, 'i').filter((line) => line.includes('_seconds'))).toEqual([]);
  });

  it('counts requests for unknown models without a label', () => {
    for (let count = 0; count < 1_000; count += 1) counters.finished({ ...REQUEST, instance: null });
    expect(figures(counters, 'i')).toEqual([]);
    expect(figures({ write: (exposition) => counters.writeUnrouted(exposition) })).toEqual([
      'llamactl_unrouted_requests_total 1000',
    ]);
  });

  it('writes only visible instances, and forgets deleted ones', () => {
    counters.finished(REQUEST);
    counters.finished({ ...REQUEST, instance: 'j' });
    expect(figures(counters, 'j').join('\n')).not.toContain('instance="i"');
    counters.forget('j');
    expect(figures(counters, 'j')).toEqual([]);
  });

  it('counts on under the new name of an instance', () => {
    counters.finished(REQUEST);
    counters.rename('i', 'j');
    counters.finished({ ...REQUEST, instance: 'j' });
    expect(figures(counters, 'i')).toEqual([]);
    expect(figures(counters, 'j').join('\n')).toMatch(/llamactl_requests_total\{instance="j".*\} 2/);
  });
});

/** Rows that are the same objects for all scrapes, like those of the list while an instance does not change. */
const ROWS = { i: { name: 'i' }, j: { name: 'j' } };

function lifeFigures(lives: LifeCounters, name: keyof typeof ROWS): string[] {
  return figures({ write: (exposition) => lives.write(exposition, [ROWS[name]]) }, name);
}

describe('LifeCounters', () => {
  const event = (status: Status, cause?: 'eviction' | 'idle', name = 'i'): DomainEvent => ({
    type: 'instance_status_changed',
    data: { name, status, previous_status: 'stopped', ...(cause === undefined ? {} : { cause }) },
  });

  it('counts the statuses that instances enter', () => {
    const lives = new LifeCounters();
    const entered: [Status, ('eviction' | 'idle')?][] = [
      ['starting'],
      ['running'],
      ['restarting'],
      ['starting'],
      ['stopping', 'eviction'],
      ['stopping', 'eviction'],
      ['stopping', 'idle'],
      ['stopping'],
      ['failed'],
    ];
    for (const [status, cause] of entered) lives.onEvent(event(status, cause));
    lives.onEvent({ type: 'instance_updated', data: { name: 'i' } });
    expect(lifeFigures(lives, 'i')).toEqual([
      'llamactl_instance_starts_total{instance="i"} 2',
      'llamactl_instance_restarts_total{instance="i"} 1',
      'llamactl_instance_failures_total{instance="i"} 1',
      'llamactl_instance_evictions_total{instance="i"} 2',
      'llamactl_instance_idle_stops_total{instance="i"} 1',
    ]);
  });

  it('starts with zeros, so that the first change is visible', () => {
    const lives = new LifeCounters();
    expect(lifeFigures(lives, 'i')).toHaveLength(5);
    expect(lifeFigures(lives, 'i').every((line) => line.endsWith(' 0'))).toBe(true);
  });

  it('counts changes after a scrape', () => {
    const lives = new LifeCounters();
    for (const failures of [0, 1, 2]) {
      expect(lifeFigures(lives, 'i')).toContain(`llamactl_instance_failures_total{instance="i"} ${failures}`);
      lives.onEvent(event('failed'));
    }
  });

  it('counts on under the new name of an instance', () => {
    const lives = new LifeCounters();
    lives.onEvent(event('failed'));
    lives.onEvent({ type: 'instance_updated', data: { name: 'j', previous_name: 'i' } });
    lives.onEvent(event('failed', undefined, 'j'));
    expect(lifeFigures(lives, 'j')).toContain('llamactl_instance_failures_total{instance="j"} 2');
    expect(lifeFigures(lives, 'i')).toContain('llamactl_instance_failures_total{instance="i"} 0');
  });

  it('forgets deleted instances', () => {
    const lives = new LifeCounters();
    lives.onEvent(event('failed'));
    lives.onEvent({ type: 'instance_deleted', data: { name: 'i' } });
    expect(lifeFigures(lives, 'i').every((line) => line.endsWith(' 0'))).toBe(true);
  });
});
