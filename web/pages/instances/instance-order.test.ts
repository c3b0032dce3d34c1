import { describe, expect, it, test } from 'vitest';
import type { Row } from '../../lib/live/row-store.ts';
import { sampleRow } from '../../testing/sample-row.ts';
import { filteredRows, groupedRows, sortedRows, usualOrder } from './instance-order.ts';

const stats = {
  memory_usage: 1,
  cpu_usage: 1,
  threads: 1,
  read_bytes: 0,
  write_bytes: 0,
  gpu_memory_usage: null,
  gpus: [],
  uptime: 1,
};
const names = (rows: readonly Row[]): string[] => rows.map(({ name }) => name);

describe('the order of instances', () => {
  it('by name counts numbers, and ignores case', () => {
    const rows = ['b10', 'B2', 'a'].map((name) => sampleRow({ name }));
    expect(names(sortedRows(rows, 'name', 'up'))).toEqual(['a', 'B2', 'b10']);
    expect(names(sortedRows(rows, 'name', 'down'))).toEqual(['b10', 'B2', 'a']);
  });

  it('by status begins with those that need attention', () => {
    const rows = (['stopped', 'running', 'failed', 'starting'] as const).map((status) =>
      sampleRow({ name: status, status }),
    );
    expect(names(sortedRows(rows, 'status', 'up'))).toEqual(['failed', 'starting', 'running', 'stopped']);
  });

  it('by a figure leaves rows without it at the end, in both directions', () => {
    const rows = [
      sampleRow({ name: 'none' }),
      sampleRow({ name: 'low', stats: { ...stats, cpu_usage: 3 } }),
      sampleRow({ name: 'high', stats: { ...stats, cpu_usage: 90 } }),
    ];
    expect(names(sortedRows(rows, 'cpu', 'up'))).toEqual(['low', 'high', 'none']);
    expect(names(sortedRows(rows, 'cpu', 'down'))).toEqual(['high', 'low', 'none']);
  });

  it('by uptime begins with the shortest', () => {
    const rows = [
      sampleRow({ name: 'old', started_at: '2026-11-29T00:00:00Z' }),
      sampleRow({ name: 'new', started_at: '2026-11-30T00:00:00Z' }),
    ];
    expect(names(sortedRows(rows, 'up', 'up'))).toEqual(['new', 'old']);
  });

  it('begins with the largest amount, the longest uptime and the latest use, until the user turns it', () => {
    expect((['requests', 'tokens', 'gpu', 'memory', 'cpu', 'up'] as const).map(usualOrder)).toEqual(
      Array.from({ length: 6 }, () => 'down'),
    );
    expect((['name', 'status', 'used', 'port'] as const).map(usualOrder)).toEqual(['up', 'up', 'up', 'up']);
  });

  it('is by name among equals', () => {
    const rows = ['c', 'a', 'b'].map((name) => sampleRow({ name, status: 'failed' }));
    expect(names(sortedRows(rows, 'status', 'down'))).toEqual(['a', 'b', 'c']);
  });
});

describe('the filter of instances', () => {
  const rows = [
    sampleRow({ name: 'chat', group: 'big', status: 'running', model_path: '/m/qwen3-8b-Q4_K_M.gguf' }),
    sampleRow({ name: 'embed', aliases: ['qwen-embedding'], model_path: '/m/bge.gguf' }),
    sampleRow({ name: 'vision', status: 'failed', group: 'big' }),
  ];

  it('finds words in names, aliases and models, in any order', () => {
    expect(names(filteredRows(rows, { q: 'QWEN' }))).toEqual(['chat', 'embed', 'vision']);
    expect(names(filteredRows(rows, { q: 'q4 chat' }))).toEqual(['chat']);
    expect(names(filteredRows(rows, { q: 'nothing' }))).toEqual([]);
    expect(names(filteredRows([...rows, sampleRow({ name: 'other', port: 8_207 })], { q: '8207' }))).toEqual(['other']);
  });

  it('joins status, group and words', () => {
    expect(names(filteredRows(rows, { group: 'big' }))).toEqual(['chat', 'vision']);
    expect(names(filteredRows(rows, { group: 'big', status: 'failed', q: 'vis' }))).toEqual(['vision']);
  });
});

test('rows are divided by group, and those without one come last', () => {
  const rows = [
    sampleRow({ name: 'alone' }),
    sampleRow({ name: 'a', group: 'team' }),
    sampleRow({ name: 'b', group: 'big' }),
    sampleRow({ name: 'c', group: 'team' }),
  ];
  expect(groupedRows(rows).map(({ name, rows: members }) => [name, names(members)])).toEqual([
    ['big', ['b']],
    ['team', ['a', 'c']],
    [null, ['alone']],
  ]);
});
