import { readlinkSync } from 'node:fs';
import type { ProcessIdentity } from '../instances/ports.ts';
import { errorCode, readProc, readShortProc } from './proc-file.ts';

/** Marks every process of a run, its workers included: they inherit it. */
export const TAG_VARIABLE = 'LLAMACTL_RUN';

/** What `/proc/PID/stat` says of a process. */
export interface ProcessStat {
  pid: number;
  /** Name of the program, 15 characters at most. */
  command: string;
  /** One letter: R S D T Z X … */
  state: string;
  parent: number;
  group: number;
  session: number;
  /** Kernel threads have neither a program nor an environment. */
  isKernelThread: boolean;
  /** On its way out: its environment is gone already, while its files (ports, a GPU) may still be open for a while. */
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

/** Reads one line of `/proc/PID/stat`; `null` when it is none. A program's name may hold spaces and parentheses. */
export function parseStat(text: string): ProcessStat | null {
  const open = text.indexOf(' (');
  const close = text.lastIndexOf(') ');
  if (open < 1 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  // the manual counts from 1 and the state is field 3
  const field = (number: number): number => Number(fields[number - 3]);
  const stat: ProcessStat = {
    pid: Number(text.slice(0, open)),
    command: text.slice(open + 2, close),
    state: fields[0] ?? '',
    parent: field(4),
    group: field(5),
    session: field(6),
    isKernelThread: (field(9) & KERNEL_THREAD_FLAG) !== 0,
    // a zombie whose other threads still run stays as it is
    isLeaving: (field(9) & EXITING_FLAG) !== 0 && fields[0] !== 'Z',
    cpuTicks: field(14) + field(15),
    threads: field(20),
    startTicks: field(22),
    residentPages: field(24),
  };
  const isWhole = Number.isSafeInteger(stat.pid) && stat.state.length === 1 && Number.isSafeInteger(stat.residentPages);
  return isWhole ? stat : null;
}

/** `null`: there is no process of this pid. */
export function readStat(pid: number): ProcessStat | null {
  const read = readShortProc(`/proc/${pid}/stat`);
  return read instanceof Buffer ? parseStat(read.toString('latin1')) : null;
}

/**
 * A zombie is dead: it answers signal 0, and where pid 1 reaps late it stays for seconds. One whose other threads still
 * run is not: its first thread ended, or the kernel is still taking it apart.
 */
export function isDead(stat: ProcessStat): boolean {
  return stat.state === 'X' || stat.state === 'x' || (stat.state === 'Z' && stat.threads <= 1);
}

/**
 * What the environment of a process says. `unclear`: it is empty, as it is for an instant while a program replaces
 * another; `untagged`: readable, without our variable; `unreadable`: of another user, or of a program with capabilities;
 * `gone`: of nobody, or of a process whose memory is gone while some of it is still there.
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
    // else it is the end of a longer name, or part of another variable's value
    if (at > 0 && environment[at - 1] !== 0) continue;
    const end = environment.indexOf(0, at);
    return environment.toString('latin1', at + needle.length, end === -1 ? environment.length : end);
  }
  return null;
}

/**
 * The living process of an identity, or `null`. Pid, start and boot decide; an environment that shows another run's tag
 * speaks against it, one that cannot be read or was overwritten (programs that set their title do) says nothing.
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
 * Names this life of the machine. The pid namespace is part of it: a restarted container keeps the boot id of its host
 * while all its pids begin anew.
 *
 * @throws {Error} when /proc is not there
 */
export function currentBootId(): string {
  const read = readProc('/proc/sys/kernel/random/boot_id');
  if (!(read instanceof Buffer)) throw new Error('/proc cannot be read; llamactl needs it to tell processes apart');
  return `${read.toString('latin1').trim()}${pidNamespace()}`;
}

function pidNamespace(): string {
  try {
    return `/${namespaceName(readlinkSync('/proc/self/ns/pid'), readStat(1)?.startTicks ?? null)}`;
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return '';
  }
}

/** The kernel gives this number to the pid namespace of the machine itself. */
const MACHINES_OWN = 'pid:[4026531836]';

/**
 * The name of a pid namespace. Of a container's the number is not enough: the kernel gives it to the next one when it has ended.
 *
 * @param firstStart when its first process started, in clock ticks; `null`: not told
 */
export function namespaceName(namespace: string, firstStart: number | null): string {
  return namespace === MACHINES_OWN || firstStart === null ? namespace : `${namespace}@${firstStart}`;
}
