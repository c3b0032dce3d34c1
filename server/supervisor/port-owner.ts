import { codeOf } from '@llamactl/contract/reason';
import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { createServer } from 'node:net';
import type { HeldListener } from '../instances/ports/listening-ports.ts';
import { isDead, readStat, type ProcessStat } from './process-stat.ts';
import { readProc } from './proc-file.ts';
import type { ProcessScan } from './process-scan.ts';
import path from 'node:path';

/** Inodes of the sockets that accept connections to a port on loopback. `unknown`: the system does not show them. */
type Listeners = ReadonlySet<string> | 'unknown';

/** Sockets that a process holds, by its descriptors. */
interface SocketsHeld {
  inodes: ReadonlySet<string>;
  /** False: this user may not read its descriptors. */
  isReadable: boolean;
}

/**
 * Size of one read. The kernel returns rows in pieces of at most a page, and listening sockets (perhaps 10 000s) come
 * first.
 */
const PAGE_BYTES = 4_096;
const LISTEN_STATE = '0A';
/**
 * Addresses in the order in which the kernel prefers them for a connection to 127.0.0.1. The last is ::1, for engines that
 * resolve `localhost` to it. The kernel writes addresses in its own byte order (little-endian on all supported machines).
 */
const FIRST_PREFERENCE = '0100007F'; // 127.0.0.1
const PREFERENCE = [
  FIRST_PREFERENCE,
  '0000000000000000FFFF00000100007F', // ::ffff:127.0.0.1
  '00000000', // 0.0.0.0
  '00000000000000000000000000000000', // :: (IPv4 too by default)
  '00000000000000000000000001000000', // ::1
];

/**
 * Finds the sockets that a connection to `port` on loopback can reach: all those of the address that the kernel prefers.
 *
 * Reads the table only up to the last listening socket: 0.2 ms, while the whole table takes 7–50 ms. Reads the IPv6 table only
 * if needed: without IPv6 connections no row ends the reading, and the kernel searches its whole hash table (4–12 ms with 24 GB of
 * memory).
 */
function listenersOn(port: number): Listeners {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const among = (rows: readonly Row[], address: string): ReadonlySet<string> =>
    new Set(rows.filter(({ local }) => local === address + suffix).map(({ inode }) => inode));
  const ofIPv4 = listeningRows('/proc/net/tcp');
  const preferred = among(ofIPv4, FIRST_PREFERENCE);
  if (preferred.size > 0) return preferred;
  const rows = [...ofIPv4, ...listeningRows('/proc/net/tcp6')];
  for (const address of PREFERENCE) {
    const found = among(rows, address);
    if (found.size > 0) return found;
  }
  return rows.includes(UNREADABLE) ? 'unknown' : new Set();
}

interface Row {
  /** Address and port, hexadecimal. */
  local: string;
  inode: string;
}

const UNREADABLE: Row = { local: '', inode: '' };

function listeningRows(table: string): Row[] {
  let descriptor: number;
  try {
    descriptor = openSync(table, 'r');
  } catch (error) {
    if (codeOf(error) === null) throw error;
    // the file is missing where IPv6 is switched off
    return codeOf(error) === 'ENOENT' && table.endsWith('6') ? [] : [UNREADABLE];
  }
  try {
    return readListening(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readListening(descriptor: number): Row[] {
  const rows: Row[] = [];
  const page = Buffer.allocUnsafe(PAGE_BYTES);
  let rest = '';
  for (;;) {
    const length = readSync(descriptor, page);
    if (length === 0) return rows;
    const lines = (rest + page.toString('latin1', 0, length)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [slot, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      if (slot === 'sl') continue;
      if (state !== LISTEN_STATE) return rows;
      if (local && inode) rows.push({ local, inode });
    }
  }
}

/** Lists all ports with a listener, on any address; `null`: the system does not show them. */
export function listeningPorts(): ReadonlySet<number> | null {
  const rows = [...listeningRows('/proc/net/tcp'), ...listeningRows('/proc/net/tcp6')];
  if (rows.includes(UNREADABLE)) return null;
  return new Set(rows.map(portOf));
}

/** Lists the ports on which processes with a run's tag listen, of any llamactl server, as far as this user may read them. */
export async function markedPorts(scan: Pick<ProcessScan, 'all'>): Promise<ReadonlySet<number>> {
  const rows = [...listeningRows('/proc/net/tcp'), ...listeningRows('/proc/net/tcp6')];
  const inodes = new Set(rows.map(({ inode }) => inode));
  const { entries } = await scan.all();
  const held = new Set(
    entries.filter(({ tag }) => tag !== null).flatMap(({ stat }) => [...socketsHeld(stat.pid, inodes).inodes]),
  );
  return new Set(rows.filter(({ inode }) => held.has(inode)).map(portOf));
}

function portOf({ local }: Row): number {
  return Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16);
}

/** Finds which of `inodes` a process holds open: 0.1 ms for a process with 60 descriptors. */
function socketsHeld(pid: number, inodes: ReadonlySet<string>): SocketsHeld {
  const held = new Set<string>();
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    return { inodes: held, isReadable: code === 'ENOENT' || code === 'ESRCH' };
  }
  for (const descriptor of descriptors) {
    const inode = socketOf(`/proc/${pid}/fd/${descriptor}`);
    if (inode !== null && inodes.has(inode)) held.add(inode);
  }
  return { inodes: held, isReadable: true };
}

function socketOf(link: string): string | null {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1] ?? null;
  } catch (error) {
    // closed in between
    if (codeOf(error) === null) throw error;
    return null;
  }
}

/**
 * Finds out whether all listening sockets of a port belong to a run. One is not enough: two processes may share a port,
 * and then the kernel distributes connections between them.
 *
 * @param engine pid to check first; `null`: none
 * @param members lists the run's other processes; called only if the engine does not hold all sockets
 */
export async function findOwner(
  port: number,
  engine: number | null,
  members: () => Promise<readonly number[]>,
): Promise<'ours' | 'foreign' | 'closed' | 'unknown'> {
  const listeners = listenersOn(port);
  if (listeners === 'unknown') return 'unknown';
  if (listeners.size === 0) return 'closed';
  const remaining = new Set(listeners);
  let isReadable = true;
  const look = (pid: number): void => {
    const held = socketsHeld(pid, remaining);
    isReadable &&= held.isReadable;
    for (const inode of held.inodes) remaining.delete(inode);
  };
  if (engine !== null) look(engine);
  if (remaining.size > 0) for (const pid of await members()) look(pid);
  if (remaining.size === 0) return 'ours';
  return isReadable ? 'foreign' : 'unknown';
}

/** The processes of a run, in the order in which to search them. */
export interface RunProcesses {
  engine: number;
  /** The other known processes. */
  members: () => Iterable<number>;
  /** All processes of the run, by a scan of the machine. */
  search: () => Iterable<number>;
}

/**
 * Finds a socket of a run that accepts connections to `port` on loopback. One is enough, because only processes of one
 * user can share a port. `unknown`: the system does not show its sockets. `null`: no such socket, or the engine is
 * dead.
 */
export function findListener(port: number, { engine, members, search }: RunProcesses): HeldListener | 'unknown' | null {
  // Reading the descriptors of a dying process may be refused, which does not mean that the system hides them.
  if (!isAlive(engine)) return null;
  const listeners = listenersOn(port);
  if (listeners === 'unknown') return 'unknown';
  if (listeners.size === 0) return null;
  const known = listenerAmong([engine, ...members()], listeners);
  return known !== null && known !== 'unknown' ? known : (listenerAmong(search(), listeners) ?? known);
}

function listenerAmong(pids: Iterable<number>, listeners: ReadonlySet<string>): HeldListener | 'unknown' | null {
  let isReadable = true;
  for (const pid of pids) {
    if (!isAlive(pid)) continue;
    const found = listenerIn(pid, listeners);
    if (found === 'unreadable') isReadable = false;
    else if (found !== null) return found;
  }
  return isReadable ? null : 'unknown';
}

function isAlive(pid: number): boolean {
  const stat = readStat(pid);
  return stat !== null && !isDead(stat) && !stat.isLeaving;
}

function listenerIn(pid: number, inodes: ReadonlySet<string>): HeldListener | 'unreadable' | null {
  try {
    for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
      const link = `/proc/${pid}/fd/${descriptor}`;
      const inode = socketOf(link);
      if (inode !== null && inodes.has(inode)) return { link, socket: `socket:[${inode}]` };
    }
    return null;
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    return code === 'ENOENT' || code === 'ESRCH' ? null : 'unreadable';
  }
}

/** Finds the process that holds a port on loopback; `null`: the port is free. */
export async function findPortHolder(
  port: number,
  scan: ProcessScan,
): Promise<{ pid: number | null; description: string } | null> {
  // try to bind before reading any table, since the port is nearly always free
  switch ((await tryToBind(port, '127.0.0.1')) ?? (await tryToBind(port, '::1'))) {
    case 'EADDRINUSE':
      return describeHolder(port, scan);
    case 'EACCES':
      return { pid: null, description: 'the system, which keeps it from this user' };
    default:
      // free, or the machine has no IPv6
      return null;
  }
}

async function describeHolder(port: number, scan: ProcessScan): Promise<{ pid: number | null; description: string }> {
  const listeners = listenersOn(port);
  // no holder: bound without listening, or the table cannot be read
  const holder = listeners === 'unknown' ? null : await holderOf(listeners, scan);
  if (holder === null) return { pid: null, description: 'another process' };
  return { pid: holder.pid, description: `${printable(programOf(holder))} (pid ${holder.pid})` };
}

async function holderOf(inodes: ReadonlySet<string>, scan: ProcessScan): Promise<ProcessStat | null> {
  if (inodes.size === 0) return null;
  const { entries } = await scan.groups();
  const holder = entries.find(({ stat }) => !stat.isKernelThread && socketsHeld(stat.pid, inodes).inodes.size > 0);
  return holder ? (readStat(holder.stat.pid) ?? holder.stat) : null;
}

function programOf({ pid, command }: ProcessStat): string {
  const argv = readProc(`/proc/${pid}/cmdline`);
  return (Buffer.isBuffer(argv) ? loadedProgram(command, argv.toString().split('\0')) : null) ?? command;
}

function tryToBind(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(codeOf(error) ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Replaces unusual characters: a process chooses its own name, which goes into a message. */
function printable(name: string): string {
  return name.replaceAll(/[^\u0020-\u007E]/g, '?');
}

/** The dynamic loader of glibc and musl, with its name cut as the kernel cuts process names. */
const LOADER = /^ld-(linux|musl)/;
/** Options of the loader that take a value. */
const WITH_VALUE: ReadonlySet<string> = new Set([
  '--library-path',
  '--preload',
  '--audit',
  '--argv0',
  '--inhibit-rpath',
  '--glibc-hwcaps-prepend',
  '--glibc-hwcaps-mask',
]);

/** Returns the program that a dynamic loader runs, as for a portable engine; `null`: the process is not a loader. */
export function loadedProgram(name: string, [, ...argv]: readonly string[]): string | null {
  if (!LOADER.test(name)) return null;
  const program = argv.find(
    (word, index) => word !== '' && !word.startsWith('--') && !WITH_VALUE.has(argv[index - 1] ?? ''),
  );
  return program === undefined ? null : path.basename(program);
}
