import { readdirSync, readFileSync } from 'node:fs';

/** What a process has used since it began, by the system's books. */
export interface Usage {
  /** User and system time of all its threads. */
  cpuMs: number;
  /** The same of its children that ended and were waited for. */
  childrenCpuMs: number;
  /** Resident memory at this moment. */
  residentBytes: number;
  /** Read by calls, from wherever: files, sockets, /proc. */
  readBytes: number;
}

/** The kernel gives times to user space in hundredths of a second on every architecture that Node runs on. */
const TICK_MS = 10;

/** Fields of `/proc/PID/stat`, counted from the state, which is the first after the name. */
const USER_TICKS = 11;
const CHILDREN_TICKS = 13;

/** @throws {Error} when there is no such process */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // a name may hold blanks and parentheses
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = (first: number): number => Number(fields[first]) + Number(fields[first + 1]);
  return {
    cpuMs: ticks(USER_TICKS) * TICK_MS,
    childrenCpuMs: ticks(CHILDREN_TICKS) * TICK_MS,
    residentBytes: numberIn(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB$/m) * 1_024,
    readBytes: numberIn(`/proc/${pid}/io`, /^rchar: (\d+)$/m),
  };
}

/** User and system time of all living threads of a process, to the nanosecond: for work shorter than a tick. */
export function exactCpuMs(pid: number): number {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).reduce(
    (sum, thread) => sum + numberIn(`${folder}/${thread}/schedstat`, /^(\d+)/) / 1e6,
    0,
  );
}

function numberIn(file: string, pattern: RegExp): number {
  return Number(pattern.exec(readFileSync(file, 'latin1'))?.[1]);
}

/** What was used, and the time it took, between two moments. */
export interface Consumption {
  elapsedMs: number;
  cpuMs: number;
  childrenCpuMs: number;
  readBytes: number;
}

/** Measures what a process uses while something else goes on. */
export async function consumptionOf(pid: number, during: () => Promise<unknown>): Promise<Consumption> {
  const before = usageOf(pid);
  const start = performance.now();
  await during();
  const elapsedMs = performance.now() - start;
  const after = usageOf(pid);
  return {
    elapsedMs,
    cpuMs: after.cpuMs - before.cpuMs,
    childrenCpuMs: after.childrenCpuMs - before.childrenCpuMs,
    readBytes: after.readBytes - before.readBytes,
  };
}

/** CPU in percent of one core, that of the tools it ran and waited for included. */
export function cpuPercent({ cpuMs, childrenCpuMs, elapsedMs }: Consumption): number {
  return ((cpuMs + childrenCpuMs) / elapsedMs) * 100;
}
