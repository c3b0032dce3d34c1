import type { StatsPoint } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { figureLists, type Figures } from './chart-series.ts';

const BEGIN = Date.UTC(2026, 10, 30, 12) / 1_000;

function point(second: number, seconds = 2): StatsPoint {
  return {
    timestamp: new Date((BEGIN + second) * 1_000).toISOString(),
    seconds,
    memory_usage: 100 + second,
    cpu_usage: 5,
    threads: 1,
    read_bytes: 0,
    write_bytes: 0,
    gpu_memory_usage: null,
    cpu_usage_peak: 6,
    memory_usage_peak: 200,
    requests: 0,
    tokens_in: 0,
    tokens_out: 0,
    tokens_per_second: 7,
    ttft_p50: null,
    ttft_p95: null,
    waiting_max: 0,
  };
}

function live(second: number): Figures {
  return {
    at: BEGIN + second,
    memory: 300,
    gpuMemory: null,
    cpu: 1,
    tokens: 2,
    firstToken: null,
    firstTokenHigh: null,
    waiting: 0,
  };
}

describe('the lists of figures', () => {
  it('join the history with what came since', () => {
    const lists = figureLists([point(0), point(2)], [live(1), live(2), live(4)], 2);
    expect(lists.at.map((at) => at - BEGIN)).toEqual([0, 2, 4]);
    expect(lists.memory).toEqual([100, 102, 300]);
  });

  it('break the line where the instance did not run', () => {
    const lists = figureLists([point(0), point(2), point(60), point(62)], [], 2);
    expect(lists.memory).toEqual([100, 102, null, 160, 162]);
  });

  it('break the line between older figures and a run that began later', () => {
    const lists = figureLists([point(0, 120), point(120, 120), point(324), point(326)], [], 2);
    expect(lists.memory).toEqual([100, 220, null, 424, 426]);
  });

  it('do not break the line at longer steps of older figures', () => {
    const lists = figureLists([point(0, 60), point(60, 60), point(62)], [], 2);
    expect(lists.memory).toEqual([100, 160, 162]);
  });
});
