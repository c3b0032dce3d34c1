import type { Frame } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { usualStats } from '@llamactl/server/testing/usual-stats';
import { eventLines } from './event-line.ts';
import { Style } from '../screen/style.ts';

const at = { timestamp: '2026-03-01T12:00:00Z', seq: 1 };
const line = (frame: Frame): string => eventLines(frame, '12:00:00', new Style(false), Infinity).join('|');
const coloured = (frame: Frame): string => eventLines(frame, '', new Style(true), Infinity).join('|');
const alert = (level: 'warning' | 'error', state: 'raised' | 'cleared', instance?: string): Frame => ({
  ...at,
  type: 'system_alert',
  data: { level, code: 'disk_low', message: 'The disk is nearly full.', state, ...(instance ? { instance } : {}) },
});

describe('an event line', () => {
  it.each<[string, Frame]>([
    [
      '12:00:00  llama         running → failed  no memory',
      {
        ...at,
        type: 'instance_status_changed',
        data: { name: 'llama', status: 'failed', previous_status: 'running', reason: 'no memory' },
      },
    ],
    [
      '12:00:00  llama         stopped → starting',
      {
        ...at,
        type: 'instance_status_changed',
        data: { name: 'llama', status: 'starting', previous_status: 'stopped' },
      },
    ],
    [
      '12:00:00  llama         running → stopping  another instance needed its slot or memory',
      {
        ...at,
        type: 'instance_status_changed',
        data: { name: 'llama', status: 'stopping', previous_status: 'running', cause: 'eviction' },
      },
    ],
    [
      '12:00:00  llama         running → stopping  idle for 60 s (idle_timeout)',
      {
        ...at,
        type: 'instance_status_changed',
        data: {
          name: 'llama',
          status: 'stopping',
          previous_status: 'running',
          cause: 'idle',
          reason: 'idle for 60 s (idle_timeout)',
        },
      },
    ],
    [
      '12:00:00  llama         start refused  it needs 5 GiB of ram  a command by user:ada',
      {
        ...at,
        type: 'instance_start_refused',
        data: {
          name: 'llama',
          code: 'DOES_NOT_FIT',
          message: 'llama cannot start: it needs 5 GiB of ram.',
          trigger: { kind: 'command', caller: 'user:ada' },
        },
      },
    ],
    [
      '12:00:00  llama         start refused  Port 8100 is in use',
      {
        ...at,
        type: 'instance_start_refused',
        data: { name: 'llama', code: 'PORT_IN_USE', message: 'Port 8100 is in use.' },
      },
    ],
    ['12:00:00  llama         created', { ...at, type: 'instance_created', data: { name: 'llama' } }],
    [
      '12:00:00  llama         created  by user:ada',
      { ...at, type: 'instance_created', data: { name: 'llama', caller: 'user:ada' } },
    ],
    [
      '12:00:00  llama         deleted',
      { ...at, type: 'instance_deleted', data: { name: 'llama', caller: 'anonymous' } },
    ],
    [
      '12:00:00  llama         needs a restart  its engine is older',
      { ...at, type: 'instance_updated', data: { name: 'llama', reason: 'its engine is older' } },
    ],
    ['12:00:00  llama         updated', { ...at, type: 'instance_updated', data: { name: 'llama' } }],
    [
      '12:00:00  llama         updated  port, environment.HF_TOKEN  by key:1 (ci)',
      {
        ...at,
        type: 'instance_updated',
        data: { name: 'llama', changed: ['port', 'environment.HF_TOKEN'], caller: 'key:1 (ci)' },
      },
    ],
    [
      '12:00:00  llama         updated  ctx_size 4096 → 8192, group default → code, extra_args  by user:ada',
      {
        ...at,
        type: 'instance_updated',
        data: {
          name: 'llama',
          changed: ['options.ctx_size', 'group', 'extra_args'],
          values: [
            { setting: 'options.ctx_size', from: 4096, to: 8192 },
            { setting: 'group', from: null, to: 'code' },
          ],
          caller: 'user:ada',
        },
      },
    ],
    [
      '12:00:00  llama         renamed to big',
      { ...at, type: 'instance_updated', data: { name: 'big', previous_name: 'llama' } },
    ],
    [
      '12:00:00  llama         running → stopping  a command',
      {
        ...at,
        type: 'instance_status_changed',
        data: {
          name: 'llama',
          status: 'stopping',
          previous_status: 'running',
          trigger: { kind: 'command', caller: 'anonymous' },
        },
      },
    ],
    [
      '12:00:00  llama         running → stopping  a command by user:otto',
      {
        ...at,
        type: 'instance_status_changed',
        data: {
          name: 'llama',
          status: 'stopping',
          previous_status: 'running',
          trigger: { kind: 'command', caller: 'user:otto' },
        },
      },
    ],
    [
      '12:00:00  llama         stopped → starting  request r1 by key:1 (ci)',
      {
        ...at,
        type: 'instance_status_changed',
        data: {
          name: 'llama',
          status: 'starting',
          previous_status: 'stopped',
          trigger: { kind: 'demand', caller: 'key:1 (ci)', request_id: 'r1' },
        },
      },
    ],
    [
      '12:00:00  llama         running → stopping  another instance needed its slot or memory  for qwen',
      {
        ...at,
        type: 'instance_status_changed',
        data: {
          name: 'llama',
          status: 'stopping',
          previous_status: 'running',
          cause: 'eviction',
          trigger: { kind: 'eviction', needed_by: 'qwen' },
        },
      },
    ],
    ['12:00:00  llama         deleted', { ...at, type: 'instance_deleted', data: { name: 'llama' } }],
    [
      '12:00:00  llama         1.4 GiB  120 % CPU  4 threads  1.9 GiB GPU',
      {
        ...at,
        type: 'instance_stats_updated',
        data: {
          name: 'llama',
          stats: usualStats({ memory_usage: 1.5e9, cpu_usage: 120, gpu_memory_usage: 2e9 }),
        },
      },
    ],
    ['12:00:00  system        warning disk_low  The disk is nearly full.', alert('warning', 'raised')],
    ['12:00:00  llama         over disk_low  The disk is nearly full.', alert('error', 'cleared', 'llama')],
    [
      '12:00:00  llama         eviction   is stopped for qwen',
      {
        ...at,
        type: 'decision',
        data: {
          decision: 'eviction',
          instance: 'llama',
          other: 'qwen',
          message: 'is stopped for qwen',
          inputs: { idle_ms: 1 },
        },
      },
    ],
    [
      '12:00:00  some events are missing here: the server no longer keeps them',
      { ...at, type: 'gap', data: { from_seq: 1, to_seq: 2, last_seq: 3 } },
    ],
  ])('%s', (expected, frame) => {
    expect(line(frame)).toBe(expected);
  });

  it('is coloured if it needs attention', () => {
    expect(coloured(alert('error', 'raised'))).toContain('\u{1B}[31merror disk_low');
    expect(coloured(alert('warning', 'raised'))).toContain('\u{1B}[33mwarning disk_low');
    expect(coloured(alert('error', 'cleared'))).toContain('\u{1B}[32mover disk_low');
  });

  it('wraps on a narrow terminal', () => {
    expect(eventLines(alert('warning', 'raised'), '12:00:00', new Style(false), 50)).toEqual([
      '12:00:00  system        warning disk_low  The disk',
      '          is nearly full.',
    ]);
  });

  it('has no control characters and no line feed of an engine', () => {
    const frame: Frame = {
      ...at,
      type: 'instance_status_changed',
      data: { name: 'a', status: 'failed', previous_status: 'running', reason: 'bad\n\u{1B}[2Jthing' },
    };
    expect(line(frame)).toBe('12:00:00  a             running → failed  bad thing');
  });

  it('prints unknown events of newer servers as received', () => {
    const text = JSON.stringify({ ...at, type: 'download_progress', data: { percent: 5 } });
    expect(line(JSON.parse(text) as Frame)).toBe('12:00:00  download_progress  {"percent":5}');
  });
});
