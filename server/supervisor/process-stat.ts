import { readShortProc } from './proc-file.ts';

/** A process by `/proc/PID/stat`. */
export interface ProcessStat {
  pid: number;
  /** Name of the program, at most 15 characters. */
  command: string;
  /** One letter: R S D T Z X … */
  state: string;
  parent: number;
  group: number;
  session: number;
  /** Kernel threads have neither a program nor an environment. */
  isKernelThread: boolean;
  /** Whether it is exiting: its environment is gone already, but its files (ports, a GPU) may stay open for a while. */
  isLeaving: boolean;
  /** CPU time of all its threads, clock ticks. */
  cpuTicks: number;
  threads: number;
  /** Clock ticks between the boot and its start. */
  startTicks: number;
  residentPages: number;
}

/** `PF_KTHREAD` and `PF_EXITING` of the kernel's include/linux/sched.h. */
const KERNEL_THREAD_FLAG = 0x0020_0000;
const EXITING_FLAG = 0x0000_0004;

/** Parses one line of `/proc/PID/stat`; `null`: not such a line. A program's name may contain spaces and parentheses. */
export function parseStat(text: string): ProcessStat | null {
  const open = text.indexOf(' (');
  const close = text.lastIndexOf(') ');
  if (open < 1 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  // the manual counts fields from 1, and the state is field 3
  const field = (number: number): number => Number(fields[number - 3]);
  const stat: ProcessStat = {
    pid: Number(text.slice(0, open)),
    command: text.slice(open + 2, close),
    state: fields[0] ?? '',
    parent: field(4),
    group: field(5),
    session: field(6),
    isKernelThread: (field(9) & KERNEL_THREAD_FLAG) !== 0,
    // a zombie whose other threads still run does not count as leaving
    isLeaving: (field(9) & EXITING_FLAG) !== 0 && fields[0] !== 'Z',
    cpuTicks: field(14) + field(15),
    threads: field(20),
    startTicks: field(22),
    residentPages: field(24),
  };
  const isWhole = Number.isSafeInteger(stat.pid) && stat.state.length === 1 && Number.isSafeInteger(stat.residentPages);
  return isWhole ? stat : null;
}

/** Reads a process's stat; `null`: no process has this pid. */
export function readStat(pid: number): ProcessStat | null {
  const read = readShortProc(`/proc/${pid}/stat`);
  return read instanceof Buffer ? parseStat(read.toString('latin1')) : null;
}

/**
 * Whether a process is dead. A zombie is dead, although it answers signal 0 and stays for seconds where pid 1 reaps
 * late. But a zombie that has other threads is not dead: only its first thread ended, or the kernel is still releasing
 * it.
 */
export function isDead(stat: ProcessStat): boolean {
  return stat.state === 'X' || stat.state === 'x' || (stat.state === 'Z' && stat.threads <= 1);
}
