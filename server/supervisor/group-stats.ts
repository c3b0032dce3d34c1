import { codeOf } from '@llamactl/contract/reason';
import { statSync } from 'node:fs';
import path from 'node:path';
import { RUN_LOG } from '../instances/ports/run-output.ts';
import type { Progress, RunStats } from '../instances/ports/runs.ts';
import { readStat, type ProcessStat } from './process-stat.ts';
import type { KernelUnits } from './kernel-units.ts';
import { readShortProc } from './proc-file.ts';
import type { SupervisedRun } from './supervised-run.ts';

/** Measures the process groups of runs. */
export interface GroupStats {
  /** `null`: the engine is dead. */
  stats(run: MeasuredRun): RunStats | null;
  progress(run: MeasuredRun): Progress | null;
}

/** The parts of a run that are measured. Readings are kept per object. */
export type MeasuredRun = Pick<SupervisedRun, 'run' | 'identity' | 'stat' | 'members'>;

/** Bytes that a process read and wrote, including those of children that it has reaped. */
export interface ProcessIo {
  /** Read by system calls: from files, caches and pipes, but not from sockets. */
  readByCalls: number;
  /** Read from disks, also by memory mapping. */
  readFromDisks: number;
  writtenByCalls: number;
  writtenToDisks: number;
}

interface Reading {
  uptimeSeconds: number;
  cpuTicks: number;
  cpuUsage: number;
}

/** Totals of a group. `summed`: sum over its present members. `reported`: the total that never falls. */
interface Traffic {
  reported: { read: number; written: number };
  summed: { read: number; written: number };
}

/** Shortest interval that is measured: with ticks of 10 ms, a shorter one is too imprecise. */
const SHORTEST_INTERVAL_SECONDS = 0.25;

/**
 * Measures groups of processes.
 *
 * `cpu_usage` is the mean since the last reading of the same run; at the first reading, since its start; within 250 ms
 * of the last reading, the same value again.
 *
 * `read_bytes` and `write_bytes` never fall. The kernel adds the traffic of a process to the parent that reaps it, so
 * most workers lose nothing. If that parent is outside the group, the worker's total leaves the sum, and counting
 * continues from the reported total. The worker's traffic since the last reading is then lost; if there was no reading,
 * all of its traffic.
 *
 * @param readIo returns `null`: the process is gone, or its figures cannot be read
 */
export function createGroupStats(
  units: Pick<KernelUnits, 'pageBytes' | 'ticksPerSecond' | 'uptimeSeconds'>,
  readIo: (pid: number) => ProcessIo | null = readProcessIo,
): GroupStats {
  const lastReadings = new WeakMap<MeasuredRun, Reading>();
  const lastTraffic = new WeakMap<MeasuredRun, Traffic>();

  const cpuUsage = (run: MeasuredRun, cpuTicks: number, uptimeSeconds: number, ageSeconds: number): number => {
    const last = lastReadings.get(run);
    if (last && uptimeSeconds - last.uptimeSeconds < SHORTEST_INTERVAL_SECONDS) return last.cpuUsage;
    const seconds = last ? uptimeSeconds - last.uptimeSeconds : ageSeconds;
    // the ticks of a worker that ended are missing from the sum
    const ticks = Math.max(0, cpuTicks - (last?.cpuTicks ?? 0));
    const usage = seconds > 0 ? Math.round((ticks / units.ticksPerSecond / seconds) * 1_000) / 10 : 0;
    lastReadings.set(run, { uptimeSeconds, cpuTicks, cpuUsage: usage });
    return usage;
  };

  const traffic = (run: MeasuredRun, group: readonly ProcessStat[]): Traffic['reported'] => {
    const summed = { read: 0, written: 0 };
    for (const { pid } of group) {
      const io = readIo(pid);
      if (io === null) continue;
      // a mapped model is read without a call, a cached file without a disk: take the larger, so as not to count bytes twice
      summed.read += Math.max(io.readByCalls, io.readFromDisks);
      summed.written += Math.max(io.writtenByCalls, io.writtenToDisks);
    }
    const last = lastTraffic.get(run);
    const reported = {
      read: (last?.reported.read ?? 0) + Math.max(0, summed.read - (last?.summed.read ?? 0)),
      written: (last?.reported.written ?? 0) + Math.max(0, summed.written - (last?.summed.written ?? 0)),
    };
    lastTraffic.set(run, { reported, summed });
    return reported;
  };

  return {
    stats: (run) => {
      const group = readGroup(run);
      if (group === null) return null;
      const uptimeSeconds = units.uptimeSeconds();
      const ageSeconds = Math.max(0, uptimeSeconds - run.identity.startTicks / units.ticksPerSecond);
      const { read, written } = traffic(run, group);
      return {
        memory_usage: memoryOf(group, units),
        cpu_usage: cpuUsage(run, cpuTicksOf(group), uptimeSeconds, ageSeconds),
        threads: group.reduce((sum, { threads }) => sum + threads, 0),
        read_bytes: read,
        write_bytes: written,
        uptime: Math.floor(ageSeconds),
      };
    },
    progress: (run) => {
      const group = readGroup(run);
      if (group === null) return null;
      return {
        logBytes: sizeOf(path.join(run.run.folder, RUN_LOG)),
        memoryBytes: memoryOf(group, units),
        cpuTicks: cpuTicksOf(group),
        readBytes: group.reduce((sum, { pid }) => sum + signOfReading(readIo(pid)), 0),
      };
    },
  };
}

function readGroup(run: MeasuredRun): ProcessStat[] | null {
  const engine = run.stat();
  if (engine === null) return null;
  const group = [engine];
  for (const [pid, startTicks] of run.members()) {
    // the wrapper belongs to llamactl, not to the engine
    if (pid === run.identity.group) continue;
    const stat = readStat(pid);
    if (stat?.startTicks === startTicks) group.push(stat);
  }
  return group;
}

function memoryOf(group: readonly ProcessStat[], units: Pick<KernelUnits, 'pageBytes'>): number {
  return group.reduce((sum, { residentPages }) => sum + residentPages, 0) * units.pageBytes;
}

function cpuTicksOf(group: readonly ProcessStat[]): number {
  return group.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0);
}

/** Sums both counters of reading, since either may grow while an engine loads. */
function signOfReading(io: ProcessIo | null): number {
  return io === null ? 0 : io.readByCalls + io.readFromDisks;
}

function readProcessIo(pid: number): ProcessIo | null {
  const read = readShortProc(`/proc/${pid}/io`);
  if (!(read instanceof Buffer)) return null;
  const text = read.toString('latin1');
  const field = (name: string): number => {
    const at = text.indexOf(name);
    return at === -1 ? 0 : Number.parseInt(text.slice(at + name.length), 10) || 0;
  };
  return {
    readByCalls: field('rchar: '),
    readFromDisks: field('\nread_bytes: '),
    writtenByCalls: field('wchar: '),
    writtenToDisks: field('\nwrite_bytes: '),
  };
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return 0;
  }
}
