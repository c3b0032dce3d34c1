import type { Stats, Status } from '@llamactl/client';
import { memoryText, duration, percent } from '../../format/figures.ts';
import type { Style } from '../screen/style.ts';
import type { Cell, Column } from '../screen/table.ts';
import { plain } from '../screen/text.ts';

/** Resource usage of an instance. */
export interface Consumption {
  name: string;
  status: Status;
  /** `null`: it has no process, or no measurement yet. */
  stats: Stats | null;
}

/** Resource usage, one row per instance, and the total. */
export function statsTable(consumptions: readonly Consumption[], style: Style): { columns: Column[]; rows: Cell[][] } {
  const measured = consumptions.flatMap(({ stats }) => (stats === null ? [] : [stats]));
  const hasGpu = measured.some(({ gpu_memory_usage: gpu }) => gpu !== null);
  const columns: Column[] = [
    { title: 'NAME', gives: 1, least: 12 },
    { title: 'MEMORY', align: 'right' },
    { title: 'CPU', align: 'right' },
    { title: 'THREADS', align: 'right' },
    ...(hasGpu ? [{ title: 'GPU', align: 'right' } as const] : []),
    { title: 'UP', align: 'right' },
  ];
  const figures = (stats: Omit<Stats, 'uptime' | 'gpus'> | null): string[] => [
    memoryText(stats?.memory_usage),
    percent(stats?.cpu_usage),
    stats === null ? '-' : String(stats.threads),
    ...(hasGpu ? [memoryText(stats?.gpu_memory_usage)] : []),
  ];
  const rows: Cell[][] = consumptions.map(({ name, status, stats }) => [
    plain(name),
    ...figures(stats),
    stats === null ? { text: plain(status), style: (text) => style.status(status, text) } : duration(stats.uptime),
  ]);
  if (measured.length > 1) {
    const total = ['total', ...figures(sum(measured))];
    rows.push(total.map((text) => ({ text, style: (shown) => style.strong(shown) })));
  }
  return { columns, rows };
}

function sum(measured: readonly Stats[]): Omit<Stats, 'uptime' | 'gpus'> {
  const of = (figure: (stats: Stats) => number): number => measured.reduce((total, stats) => total + figure(stats), 0);
  return {
    memory_usage: of((stats) => stats.memory_usage),
    cpu_usage: of((stats) => stats.cpu_usage),
    threads: of((stats) => stats.threads),
    read_bytes: of((stats) => stats.read_bytes),
    write_bytes: of((stats) => stats.write_bytes),
    gpu_memory_usage: of((stats) => stats.gpu_memory_usage ?? 0),
  };
}
