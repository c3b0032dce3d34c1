import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ServerProcess } from '../server-process.ts';
import { configuration, ENVIRONMENT } from './cast.ts';
import { ProcessTable, type WorldProcess } from './process-table.ts';
import { SmallDisk } from './small-disk.ts';

const CLOCK = path.join(import.meta.dirname, 'shifted-clock.ts');
/** Within it a server has to be up, or down, on a machine with a lot to do. */
const PATIENCE_MS = 45_000;
/** What a server that is killed leaves behind of others ends, or is ended. */
const PATIENCE_WITH_OTHERS_MS = 5_000;
const PACE_MS = 20;
const HOUR_MS = 3_600_000;

/** The server, and what is around it that can go wrong: its processes, its disk, its clock. */
export class Stage {
  readonly server: ServerProcess;
  readonly disk: SmallDisk | null;
  readonly table: ProcessTable;
  #mark = 0;
  #offsetMs = 0;

  private constructor(server: ServerProcess, disk: SmallDisk | null) {
    this.server = server;
    this.disk = disk;
    this.table = new ProcessTable(server.home);
  }

  /** @param hasSmallDisk Whether the data directory is on one. */
  static async build(hasSmallDisk: boolean): Promise<Stage> {
    let disk: SmallDisk | null = null;
    const options = `NODE_OPTIONS=--import=${CLOCK}`;
    const server = await ServerProcess.create(configuration(0), () => [
      ...(disk?.enter ?? []),
      'env',
      ...ENVIRONMENT,
      options,
    ]);
    if (hasSmallDisk) disk = await SmallDisk.mount(server.dataDirectory);
    const stage = new Stage(server, disk);
    try {
      await server.start();
    } catch (error) {
      await stage.dispose();
      throw error;
    }
    return stage;
  }

  /** The data directory, as it can be read. */
  get folder(): string {
    return this.disk?.visibleFolder ?? this.server.dataDirectory;
  }

  get configFile(): string {
    return path.join(this.server.home, 'llamactl.yaml');
  }

  /** The mark of the last edit of the configuration file that was made by hand. */
  async configure(mark: number): Promise<void> {
    this.#mark = mark;
    await this.server.configure(configuration(mark));
  }

  get mark(): number {
    return this.#mark;
  }

  /** The server that has the data directory, as it describes itself; `null`: none does, or none is done with its start. */
  serving(): { pid: number; reloads: number } | null {
    const { pid, url, reload } = this.#holder() ?? { pid: 0, url: null };
    if (url === null || !this.servers().some((each) => each.pid === pid)) return null;
    return { pid, reloads: reload?.number ?? 0 };
  }

  servers(): WorldProcess[] {
    return this.table.look().filter(({ part }) => part === 'server');
  }

  /** SIGKILL of who serves, or of all processes of the server, and a new one after a while. */
  async kill(downMs: number): Promise<void> {
    const serving = this.serving();
    if (serving !== null) signal(serving.pid, 'SIGKILL');
    await within(() => this.servers().length === 0, PATIENCE_WITH_OTHERS_MS);
    // A replaced server may still finish streams, and its successor may still be starting.
    while (this.servers().length > 0) {
      for (const { pid } of this.servers()) signal(pid, 'SIGKILL');
      await pause(PACE_MS);
    }
    await pause(downMs);
    await this.start();
  }

  /** SIGTERM, and a new one after a while. */
  async end(downMs: number): Promise<void> {
    const code = await Promise.race([this.server.end('SIGTERM'), pause(PATIENCE_MS, 'late' as const)]);
    if (code === 'late') throw new Error('the server does not end on SIGTERM');
    if (code !== 0) throw new Error(`the server ended with ${code} on SIGTERM`);
    if (!(await within(() => this.servers().length === 0, PATIENCE_MS))) throw new Error('a server is left');
    await pause(downMs);
    await this.start();
  }

  async start(): Promise<void> {
    await this.server.start();
  }

  /** Has it replaced by a new process. @returns why it was not, as it says itself */
  async reload(): Promise<string | null> {
    const before = this.serving();
    if (before === null) return 'no process serves';
    signal(before.pid, 'SIGUSR2');
    let reason: string | null = 'it did not begin';
    await within(() => {
      const { reload, url } = this.#holder() ?? { url: null };
      if (url === null || !reload || reload.number <= before.reloads || reload.state === 'under_way') return false;
      reason = reload.state === 'done' ? null : (reload.reason ?? 'no reason');
      return true;
    }, PATIENCE_MS);
    return reason;
  }

  /** The same, and SIGKILL in the middle of it. */
  async killInReload(afterMs: number): Promise<void> {
    const serving = this.serving();
    if (serving !== null) signal(serving.pid, 'SIGUSR2');
    await pause(afterMs);
    await this.kill(0);
  }

  async freeze(milliseconds: number): Promise<void> {
    const servers = this.servers();
    for (const { pid } of servers) signal(pid, 'SIGSTOP');
    await pause(milliseconds);
    for (const { pid } of servers) signal(pid, 'SIGCONT');
  }

  /** Moves the wall clock of the server, from where it is. At once: steps overlap, and the next may do the same. */
  setClock(hours: number): void {
    this.#offsetMs += hours * HOUR_MS;
    const file = path.join(this.server.home, 'clock-offset');
    writeFileSync(`${file}.new`, String(this.#offsetMs));
    renameSync(`${file}.new`, file);
  }

  async dispose(): Promise<void> {
    await this.server.dispose();
    this.disk?.release();
  }

  #holder(): ServerDescription | null {
    try {
      return JSON.parse(readFileSync(path.join(this.folder, 'server.json'), 'utf8')) as ServerDescription;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw error;
    }
  }
}

interface ServerDescription {
  pid: number;
  url: string | null;
  reload?: { number: number; state: 'under_way' | 'done' | 'failed'; reason: string | null } | null;
}

/** Whether something came to be true in time. */
async function within(isTrue: () => boolean, milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!isTrue()) {
    if (performance.now() > end) return false;
    await pause(PACE_MS);
  }
  return true;
}

/** Sends a signal, unless the process has ended. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
