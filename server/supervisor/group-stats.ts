import { statSync } from 'node:fs';
import path from 'node:path';
import type { Stats } from '@llamactl/contract/instance';
import { RUN_LOG, type Progress } from '../instances/ports.ts';
import { readStat, type ProcessStat } from './identity.ts';
import type { Machine } from './machine.ts';
import { errorCode, readProc } from './proc-file.ts';
import type { SupervisedRun } from './supervised-run.ts';

/** Measures the process groups of runs. */
export interface GroupStats {
  /** `null`: the engine is dead. */
  stats(run: MeasuredRun): Stats | null;
  progress(run: MeasuredRun): Progress | null;
}

/** What is looked at of a run; readings are kept for each such object. */
export type MeasuredRun = Pick<SupervisedRun, 'run' | 'identity' | 'stat' | 'members'>;

interface Reading {
  uptimeSeconds: number;
  cpuTicks: number;
  cpuUsage: number;
}

/** Ticks of 10 ms: a shorter interval says little. */
const SHORTEST_INTERVAL_SECONDS = 0.25;

/**
 * `cpu_usage` is the mean between this and the last reading of the same run; the first time, over its whole life; within
 * 250 ms of the last reading, what that one said.
 */
export function createGroupStats(machine: Pick<Machine, 'pageBytes' | 'ticksPerSecond' | 'uptimeSeconds'>): GroupStats {
  const lastReadings = new WeakMap<MeasuredRun, Reading>();

  const cpuUsage = (run: MeasuredRun, cpuTicks: number, uptimeSeconds: number, ageSeconds: number): number => {
    const last = lastReadings.get(run);
    if (last && uptimeSeconds - last.uptimeSeconds < SHORTEST_INTERVAL_SECONDS) return last.cpuUsage;
    const seconds = last ? uptimeSeconds - last.uptimeSeconds : ageSeconds;
    // a worker that ended took its ticks with it
    const ticks = Math.max(0, cpuTicks - (last?.cpuTicks ?? 0));
    const usage = seconds > 0 ? Math.round((ticks / machine.ticksPerSecond / seconds) * 1_000) / 10 : 0;
    lastReadings.set(run, { uptimeSeconds, cpuTicks, cpuUsage: usage });
    return usage;
  };

  return {
    stats: (run) => {
      const group = readGroup(run);
      if (group === null) return null;
      const uptimeSeconds = machine.uptimeSeconds();
      const ageSeconds = Math.max(0, uptimeSeconds - run.identity.startTicks / machine.ticksPerSecond);
      return {
        memory_usage: memoryOf(group, machine),
        cpu_usage: cpuUsage(run, cpuTicksOf(group), uptimeSeconds, ageSeconds),
        uptime: Math.floor(ageSeconds),
      };
    },
    progress: (run) => {
      const group = readGroup(run);
      if (group === null) return null;
      return {
        logBytes: sizeOf(path.join(run.run.folder, RUN_LOG)),
        memoryBytes: memoryOf(group, machine),
        cpuTicks: cpuTicksOf(group),
        readBytes: group.map(({ pid }) => readBytesOf(pid)).reduce((sum, bytes) => sum + bytes, 0),
      };
    },
  };
}

function readGroup(run: MeasuredRun): ProcessStat[] | null {
  const engine = run.stat();
  if (engine === null) return null;
  const group = [engine];
  for (const [pid, startTicks] of run.members()) {
    // the wrapper is ours, not the engine's
    if (pid === run.identity.group) continue;
    const stat = readStat(pid);
    if (stat?.startTicks === startTicks) group.push(stat);
  }
  return group;
}

function memoryOf(group: readonly ProcessStat[], machine: Pick<Machine, 'pageBytes'>): number {
  return group.reduce((sum, { residentPages }) => sum + residentPages, 0) * machine.pageBytes;
}

function cpuTicksOf(group: readonly ProcessStat[]): number {
  return group.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0);
}

/** What was read by calls (from the page cache too) and what came from disks (by memory mapping too): either may move. */
function readBytesOf(pid: number): number {
  const read = readProc(`/proc/${pid}/io`);
  if (!(read instanceof Buffer)) return 0;
  const text = read.toString('latin1');
  return Number(/^rchar: (\d+)$/m.exec(text)?.[1] ?? 0) + Number(/^read_bytes: (\d+)$/m.exec(text)?.[1] ?? 0);
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return 0;
  }
}
