import { codeOf } from '@llamactl/contract/reason';
import { readlinkSync } from 'node:fs';
import type { ProcessIdentity } from '../instances/ports/runs.ts';
import { readProc, readShortProc } from './proc-file.ts';

/** Environment variable with the tag of a run. Workers inherit it, so it marks every process of the run. */
export const TAG_VARIABLE = 'LLAMACTL_RUN';

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
  /** Exiting: its environment is gone already, but its files (ports, a GPU) may stay open for a while. */
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
 * Whether a process is dead. A zombie is dead, although it answers signal 0 and stays for seconds where pid 1 reaps late. A
 * zombie with other threads is not: its first thread ended, or the kernel is still releasing it.
 */
export function isDead(stat: ProcessStat): boolean {
  return stat.state === 'X' || stat.state === 'x' || (stat.state === 'Z' && stat.threads <= 1);
}

/**
 * Tag in the environment of a process.
 *
 * - `untagged`: the environment is readable and has no tag.
 * - `unclear`: it is empty, as for an instant during an exec.
 * - `unreadable`: the process belongs to another user, or its program has capabilities.
 * - `gone`: no such process, or a process that is exiting and has released its memory.
 */
export type TagReading = { tag: string } | 'untagged' | 'unclear' | 'unreadable' | 'gone';

export function readTag(pid: number): TagReading {
  const read = readProc(`/proc/${pid}/environ`);
  if (!(read instanceof Buffer)) return read === 'gone' ? 'gone' : 'unreadable';
  if (read.length === 0) return 'unclear';
  const tag = tagIn(read);
  return tag === null ? 'untagged' : { tag };
}

function tagIn(environment: Buffer): string | null {
  const needle = `${TAG_VARIABLE}=`;
  for (let at = environment.indexOf(needle); at !== -1; at = environment.indexOf(needle, at + 1)) {
    // skip the end of a longer name, or part of another variable's value
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    return environment.toString('latin1', at + needle.length, end === -1 ? environment.length : end);
  }
  return null;
}

/**
 * Finds the living process of an identity; `null`: it is dead. Pid, start and boot must match, and the environment must not
 * show another run's tag. An environment that cannot be read, or that a program overwrote with its title, is ignored.
 */
export function findAlive(identity: ProcessIdentity, tag: string, bootId: string): ProcessStat | null {
  if (identity.bootId !== bootId) return null;
  const stat = readStat(identity.pid);
  if (stat === null || stat.startTicks !== identity.startTicks || isDead(stat)) return null;
  const reading = readTag(identity.pid);
  if (typeof reading === 'object' && reading.tag !== tag) return null;
  return stat;
}

/**
 * Identifies this boot of the machine. The pid namespace is part of it: a restarted container keeps the boot id of its host,
 * but its pids start again.
 *
 * @throws {Error} when /proc is missing
 */
export function currentBootId(): string {
  const read = readProc('/proc/sys/kernel/random/boot_id');
  if (!(read instanceof Buffer)) throw new Error('/proc cannot be read; llamactl needs it to identify processes');
  return `${read.toString('latin1').trim()}${pidNamespace()}`;
}

function pidNamespace(): string {
  try {
    return `/${namespaceName(readlinkSync('/proc/self/ns/pid'), readStat(1)?.startTicks ?? null)}`;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return '';
  }
}

/** The pid namespace of the machine itself always has this number. */
const MACHINES_OWN = 'pid:[4026531836]';

/**
 * Names a pid namespace uniquely. The number alone is not enough for a container's: the kernel reuses it.
 *
 * @param firstStart when its first process started, in clock ticks; `null`: unknown
 */
export function namespaceName(namespace: string, firstStart: number | null): string {
  return namespace === MACHINES_OWN || firstStart === null ? namespace : `${namespace}@${firstStart}`;
}
