import { codeOf } from '@llamactl/contract/reason';
import { readdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { Exposition } from './exposition.ts';

/** Writes figures of this process under Prometheus' standard names. @param startedAt Milliseconds since the epoch. */
export async function writeProcessFigures(exposition: Exposition, startedAt: number): Promise<void> {
  const { user, system } = process.cpuUsage();
  const memory = process.memoryUsage();
  const gauge = (name: string, help: string, value: number): void => exposition.family(name, 'gauge', help).add(value);
  exposition
    .family('process_cpu_seconds_total', 'counter', 'CPU time of llamactl itself, without engines.')
    .add((user + system) / 1_000_000);
  gauge('process_resident_memory_bytes', 'Resident memory of llamactl itself, without engines.', memory.rss);
  gauge('process_start_time_seconds', 'When llamactl started, Unix time.', startedAt / 1_000);
  const files = await openFiles();
  if (files !== null) gauge('process_open_fds', 'Open files and sockets of llamactl.', files);
  gauge('nodejs_heap_size_used_bytes', "Used part of Node's heap.", memory.heapUsed);
  gauge('nodejs_heap_size_total_bytes', "Node's heap.", memory.heapTotal);
  gauge('nodejs_external_memory_bytes', 'Buffers outside of the heap.', memory.external);
  exposition
    .family('nodejs_eventloop_active_seconds_total', 'counter', 'Time in which the event loop was busy.')
    .add(performance.eventLoopUtilization().active / 1_000);
}

/** Number of open files; `null`: the system does not report it. */
async function openFiles(): Promise<number | null> {
  try {
    // Reading the folder opens one more.
    return (await readdir('/proc/self/fd')).length - 1;
  } catch (error) {
    if (codeOf(error) !== null) return null;
    throw error;
  }
}
