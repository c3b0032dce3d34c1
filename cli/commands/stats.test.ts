import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventServer } from '@llamactl/server/testing/event-server';
import { FAKE_METRICS } from '@llamactl/server/testing/fake-services';
import { usualPoint, usualStats } from '@llamactl/server/testing/usual-stats';
import type { StatsPoint } from '@llamactl/client';
import { CommandSandbox } from '../testing/command-run.ts';
import { screenAfter } from '../testing/screen.ts';
import { Watching } from '../testing/watching.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const STARTED = '2026-03-01T11:00:00Z';
const running = { status: 'running', started_at: STARTED } as const;

let server: EventServer;
let sandbox: CommandSandbox;
let points: StatsPoint[];
const watching: Watching[] = [];

beforeEach(async () => {
  points = [];
  server = await EventServer.open({
    metrics: {
      ...FAKE_METRICS,
      stats: { ...FAKE_METRICS.stats, history: (name, window) => ({ name, window, interval: 2, points }) },
    },
  });
  sandbox = new CommandSandbox();
  sandbox.environment['LLAMACTL_URL'] = server.url;
});

afterEach(async () => {
  await Promise.all(watching.splice(0).map((each) => each.interrupt()));
  await server.goAway();
  sandbox.dispose();
});

const watch = (words: readonly string[], columns?: number, verb = ['stats', '--watch']): Watching => {
  const begun = new Watching(sandbox, [...verb, ...words], columns === undefined ? {} : { columns });
  watching.push(begun);
  return begun;
};
const rowOf = (output: string, name: string): string =>
  screenAfter(output).find((line) => line.startsWith(`${name} `)) ?? '';

describe('llamactl stats', () => {
  it('shows instances with a process, and their total', async () => {
    await server.add('llama', {
      ...running,
      stats: usualStats({ memory_usage: 1.5 * 2 ** 30, cpu_usage: 180, threads: 8, uptime: 3_600 }),
    });
    await server.add('qwen', {
      ...running,
      stats: usualStats({ memory_usage: 200 * 2 ** 20, cpu_usage: 0.2, uptime: 61 }),
    });
    await server.add('idle');
    const { status, stdout } = await sandbox.run(['stats'], { columns: 80 });
    expect(screenAfter(stdout)).toEqual([
      'NAME    MEMORY    CPU  THREADS     UP',
      'llama  1.5 GiB  180 %        8  1h 0m',
      'qwen   200 MiB  0.2 %        4  1m 1s',
      'total  1.7 GiB  180 %       12',
    ]);
    expect(status).toBe(0);
  });

  it('has a column for GPUs if a tool reports them', async () => {
    await server.add('a', { ...running, stats: usualStats({ gpu_memory_usage: 4 * 2 ** 30 }) });
    await server.add('b', { ...running, stats: usualStats() });
    const { stdout } = await sandbox.run(['stats']);
    expect(stdout).toMatch(/GPU[\s\S]*a .* 4\.0 GiB[\s\S]*b .* - [\s\S]*total .* 4\.0 GiB/);
  });

  it('shows a named instance also when it is stopped, with its status', async () => {
    await server.add('a');
    const { status, stdout } = await sandbox.run(['stats', 'A']);
    expect(stdout).toMatch(/^a +- +- +- +stopped$/m);
    expect(status).toBe(0);
  });

  it('reports an unknown name, and shows the others', async () => {
    await server.add('llama', { ...running, stats: usualStats() });
    const { status, stdout, stderr } = await sandbox.run(['stats', 'lama', 'llama']);
    expect(stdout).toMatch(/^llama /m);
    expect(stderr).toBe('llamactl: there is no instance lama; did you mean llama?\n');
    expect(status).toBe(3);
  });

  it('prints a note if nothing runs', async () => {
    await server.add('a');
    const { status, stdout, stderr } = await sandbox.run(['stats']);
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toContain('nothing is running');
    expect((await sandbox.run(['stats', '--json'])).stdout).toBe('[]\n');
  });

  it("prints the API's measurements with --json", async () => {
    const stats = usualStats({ memory_usage: 5 });
    await server.add('a', { ...running, stats });
    expect(JSON.parse((await sandbox.run(['stats', '--json'])).stdout)).toEqual([
      { name: 'a', status: 'running', stats },
    ]);
  });
});

describe('llamactl stats --watch', () => {
  it('updates a terminal while instances run', async () => {
    await server.add('llama', { ...running });
    await server.add('qwen');
    const stats = watch([], 80);
    await stats.until((output) => rowOf(output, 'llama').includes('-'));
    await server.joined;
    server.measured('llama', usualStats({ memory_usage: 3 * 2 ** 30 }));
    await stats.until((output) => rowOf(output, 'llama').includes('3.0 GiB'));
    expect(rowOf(stats.output, 'qwen')).toBe('');
    server.changeStatus('qwen', 'running', { started_at: STARTED });
    server.measured('qwen', usualStats({ memory_usage: 4 * 2 ** 30 }));
    await stats.until((output) => rowOf(output, 'total').includes('7.0 GiB'));
    server.changeStatus('llama', 'stopped', { started_at: null });
    await stats.until((output) => rowOf(output, 'llama') === '');
    const { status, stderr } = await stats.interrupt();
    expect([status, stderr]).toEqual([130, '']);
  });

  it('drops measurements of a process that has ended', async () => {
    await server.add('a', { ...running });
    const stats = watch(['a'], 80);
    await server.joined;
    server.measured('a', usualStats({ memory_usage: 3 * 2 ** 30 }));
    await stats.until((output) => rowOf(output, 'a').includes('3.0 GiB'));
    server.changeStatus('a', 'starting', { started_at: null });
    await stats.until((output) => /^a +- +- +- +starting$/.test(rowOf(output, 'a')));
    server.changeStatus('a', 'running', { started_at: STARTED });
    await stats.until((output) => /^a +- +- +- +running$/.test(rowOf(output, 'a')));
  });

  it('prints a line per measurement when piped', async () => {
    await server.add('a', { ...running });
    const stats = watch(['a']);
    await server.joined;
    server.measured('a', usualStats({ memory_usage: 3 * 2 ** 30, cpu_usage: 20, threads: 2 }));
    await stats.until((output) => output.includes('\n'));
    expect(stats.output).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}a {13}3\.0 GiB {2}20 % CPU {2}2 threads\n$/);
  });

  it('prints the measurements with --json', async () => {
    await server.add('a', { ...running });
    const stats = watch(['--json']);
    await server.joined;
    server.measured('a', usualStats({ threads: 77 }));
    await stats.until((output) => output.includes('\n'));
    expect(JSON.parse(stats.output)).toMatchObject({
      type: 'instance_stats_updated',
      data: { name: 'a', stats: { threads: 77 } },
    });
  });

  it('warns of an unknown name, and waits for it', async () => {
    await server.add('llama', { ...running });
    const stats = watch(['lama']);
    await server.joined;
    const { stderr } = await stats.interrupt();
    expect(stderr).toContain('there is no instance lama yet; did you mean llama?');
  });
});

describe('llamactl top', () => {
  it('keeps its table up to date on a terminal', async () => {
    await server.add('llama', { ...running });
    const top = watch([], 80, ['top']);
    await server.joined;
    server.measured('llama', usualStats({ threads: 77 }));
    await top.until((output) => rowOf(output, 'llama').includes('77'));
  });

  it('prints once if the output is no terminal, or a value', async () => {
    await server.add('llama', { ...running, stats: usualStats({ threads: 77 }) });
    expect((await sandbox.run(['top'])).stdout).toMatch(/^NAME .*\nllama .* 77 .*\n$/);
    expect((await sandbox.run(['top', '-q'], { columns: 80 })).stdout).toBe('llama\n');
    expect(JSON.parse((await sandbox.run(['top', '--json'], { columns: 80 })).stdout)).toHaveLength(1);
  });
});

describe('llamactl stats --window', () => {
  const point = (secondsAgo: number, rest: Partial<StatsPoint>): StatsPoint => {
    const timestamp = new Date(NOW - secondsAgo * 1_000).toISOString();
    return usualPoint({ timestamp, seconds: 60, ...rest });
  };

  it('prints lowest, mean, highest and last values, and a sparkline', async () => {
    await server.add('a');
    points = [
      point(120, { memory_usage: 1 * 2 ** 30, memory_usage_peak: 1 * 2 ** 30, cpu_usage: 10, cpu_usage_peak: 40 }),
      point(60, { memory_usage: 3 * 2 ** 30, memory_usage_peak: 5 * 2 ** 30, cpu_usage: 20, cpu_usage_peak: 90 }),
      point(0, { memory_usage: 2 * 2 ** 30, memory_usage_peak: 2 * 2 ** 30, cpu_usage: 30, cpu_usage_peak: 30 }),
    ];
    const { stdout } = await sandbox.run(['stats', 'a', '--window', '5m'], { columns: 76, now: NOW });
    const lines = screenAfter(stdout);
    expect(lines).toEqual([
      '          LOWEST     MEAN  HIGHEST     LAST  TREND',
      'memory   1.0 GiB  2.0 GiB  5.0 GiB  2.0 GiB              ▃▃▃▃▃▃██████▆▆▆▆▆▆',
      'CPU         10 %     20 %     90 %     30 %              ▃▃▃▃▃▃▆▆▆▆▆▆██████',
      'threads        4        4        4        4              ██████████████████',
    ]);
    expect(lines.every((line) => line.length <= 76)).toBe(true);
  });

  it('has GPU memory if a tool reports it, also piped', async () => {
    await server.add('a');
    points = [point(0, { gpu_memory_usage: 8 * 2 ** 30 })];
    const { stdout } = await sandbox.run(['stats', 'a', '--window', '5m'], { now: NOW });
    expect(stdout).toMatch(/^GPU +8\.0 GiB +8\.0 GiB +8\.0 GiB +8\.0 GiB +█+$/m);
  });

  it('requires one instance', async () => {
    expect((await sandbox.run(['stats', '--window', '5m'])).status).toBe(2);
    expect((await sandbox.run(['stats', 'a', 'b', '--window', '5m'])).status).toBe(2);
    expect((await sandbox.run(['stats', 'a', '--watch', '--window', '5m'])).status).toBe(2);
    await server.add('llama');
    const { status, stderr } = await sandbox.run(['stats', 'lama', '--window', '5m']);
    expect(status).toBe(3);
    expect(stderr).toContain('did you mean llama?');
  });

  it('prints a note if the instance did not run', async () => {
    await server.add('a');
    const { status, stdout, stderr } = await sandbox.run(['stats', 'a', '--window', '5m']);
    expect([status, stdout, stderr]).toEqual([0, '', 'a did not run in that time\n']);
  });

  it("prints the API's response with --json", async () => {
    await server.add('a');
    expect(JSON.parse((await sandbox.run(['stats', 'a', '--window', '1h', '--json'])).stdout)).toEqual({
      name: 'a',
      window: 3_600,
      interval: 2,
      points: [],
    });
  });
});
