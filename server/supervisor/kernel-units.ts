import { parseStat } from './process-stat.ts';
import { readShortProc, type ProcRead } from './proc-file.ts';

/** The kernel's units and its time. */
export interface KernelUnits {
  pageBytes: number;
  ticksPerSecond: number;
  /** Seconds since the boot, including sleep: the time scale of processes' start times. Never jumps. */
  uptimeSeconds(): number;
  /** The same in clock ticks. */
  nowTicks(): number;
  /** Converts a value of `/proc/uptime` to clock ticks. */
  ticksOf(shownUptimeSeconds: number): number;
}

/** Numbers of the kernel's include/uapi/linux/auxvec.h. */
const PAGE_SIZE_ENTRY = 6n;
const CLOCK_TICKS_ENTRY = 17n;
const ENTRY_BYTES = 16;

/**
 * Corrects rounding. Binary fractions represent few hundredths exactly: one time in fifteen came out a tick too early.
 * A worker forked in the tick in which its engine ended was then not recognised as the run's.
 */
const ROUNDING_TICKS = 0.001;

/** Smallest difference between two clocks that is not a reading error. */
const NOTABLE_SECONDS = 2;

/** Reads the kernel's units: pages have 16 or 64 KiB on some arm64 machines. */
export function readKernelUnits(
  read: (path: string) => ProcRead = readShortProc,
  ageSeconds = process.uptime(),
): KernelUnits {
  const vector = auxiliaryVector(read);
  const ticksPerSecond = Number(vector.get(CLOCK_TICKS_ENTRY) ?? 100n);
  const shown = (): number => Number.parseFloat(textOf(read('/proc/uptime'))) || 0;
  const ownStart = parseStat(textOf(read('/proc/self/stat')))?.startTicks ?? 0;
  // some containers (LXC) show their own uptime, while start times still count from the boot of their host
  const difference = ownStart / ticksPerSecond + ageSeconds - shown();
  const correction = Math.abs(difference) < NOTABLE_SECONDS ? 0 : difference;
  const ticksOf = (seconds: number): number => Math.floor((seconds + correction) * ticksPerSecond + ROUNDING_TICKS);
  return {
    pageBytes: Number(vector.get(PAGE_SIZE_ENTRY) ?? 4_096n),
    ticksPerSecond,
    uptimeSeconds: () => shown() + correction,
    nowTicks: () => ticksOf(shown()),
    ticksOf,
  };
}

function textOf(read: ProcRead): string {
  return read instanceof Buffer ? read.toString('latin1') : '';
}

function auxiliaryVector(read: (path: string) => ProcRead): Map<bigint, bigint> {
  const entries = new Map<bigint, bigint>();
  const vector = read('/proc/self/auxv');
  if (!(vector instanceof Buffer)) return entries;
  for (let at = 0; at + ENTRY_BYTES <= vector.length; at += ENTRY_BYTES) {
    entries.set(vector.readBigUInt64LE(at), vector.readBigUInt64LE(at + 8));
  }
  return entries;
}
