import { parseStat } from './identity.ts';
import { readShortProc, type ProcRead } from './proc-file.ts';

/** The units in which the kernel counts, and its time. */
export interface Machine {
  pageBytes: number;
  ticksPerSecond: number;
  /** On the scale on which processes' starts are given: seconds since the boot, sleep included. Never jumps. */
  uptimeSeconds(): number;
  /** The same in clock ticks. */
  nowTicks(): number;
  /** In clock ticks, what `/proc/uptime` said at some moment. */
  ticksOf(shownUptimeSeconds: number): number;
}

/** Numbers of the kernel's include/uapi/linux/auxvec.h. */
const PAGE_SIZE_ENTRY = 6n;
const CLOCK_TICKS_ENTRY = 17n;
const ENTRY_BYTES = 16;

/**
 * Binary fractions hold few hundredths exactly: one in fifteen came out a tick too early, and a worker that was forked in the
 * tick of its engine's end was then not known to be the run's.
 */
const ROUNDING_TICKS = 0.001;

/** Difference between two clocks that is no error of reading. */
const NOTABLE_SECONDS = 2;

/** Asks the kernel for its units: pages have 16 or 64 KiB on some arm64 machines. */
export function describeMachine(
  read: (path: string) => ProcRead = readShortProc,
  ageSeconds = process.uptime(),
): Machine {
  const vector = auxiliaryVector(read);
  const ticksPerSecond = Number(vector.get(CLOCK_TICKS_ENTRY) ?? 100n);
  const shown = (): number => Number.parseFloat(textOf(read('/proc/uptime'))) || 0;
  const ownStart = parseStat(textOf(read('/proc/self/stat')))?.startTicks ?? 0;
  // some containers (LXC) show their own uptime there, while starts still count from the boot of their host
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
