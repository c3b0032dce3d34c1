import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { vi } from 'vitest';
import { launcherFlags } from '../launcher-flags.ts';
import { CRASHING } from '../program.ts';
import { ServerProcess } from '../server-process.ts';

/** A data directory on which servers die and others follow. */
export class CrashSite {
  readonly server: ServerProcess;
  readonly #settings: readonly string[];
  /** What the program is started with. */
  readonly #command: string[];

  private constructor(server: ServerProcess, settings: readonly string[], command: string[]) {
    this.server = server;
    this.#settings = settings;
    this.#command = command;
  }

  /** @param slots How many instances may run at once. */
  static async create(slots: number): Promise<CrashSite> {
    const command: string[] = [];
    const server = await ServerProcess.create('', () => command);
    return new CrashSite(server, ['env', `LLAMACTL_INSTANCES_MAX_RUNNING=${slots}`], command);
  }

  get #journal(): string {
    return path.join(this.server.home, 'journal');
  }

  get #point(): string {
    return path.join(this.server.home, 'point');
  }

  /** Starts the program itself. */
  async start(): Promise<void> {
    this.#command.splice(0, Infinity, ...this.#settings);
    await this.server.start();
  }

  /** Starts a server that can be armed. */
  startArmable(): Promise<void> {
    return this.#startOwn('arming');
  }

  /** Starts a server that is armed from the start; rejects when it dies before it has booted. After `load`. */
  startArmed(): Promise<void> {
    return this.#startOwn('boot');
  }

  /** Forgets the last death, and says at which point the next is to be; `null`: at none. */
  async load(point: number | null): Promise<void> {
    await writeFile(this.#journal, '');
    await writeFile(this.#point, point === null ? '' : String(point));
  }

  /** Resolves when points count. After `load`. */
  async arm(): Promise<void> {
    process.kill(this.server.pid, 'SIGUSR2');
    await vi.waitFor(async () => {
      if (!(await this.#lines()).includes('armed')) throw new Error('the server was not armed');
    }, PROMPTLY);
  }

  async #startOwn(from: 'boot' | 'arming'): Promise<void> {
    const argv = [...launcherFlags(), CRASHING, this.#point, this.#journal, from];
    this.#command.splice(0, Infinity, ...this.#settings, process.execPath, ...argv);
    await this.server.start();
  }

  /** Resolves when the server is gone, by itself. */
  async died(): Promise<void> {
    const { pid } = this.server;
    await vi.waitFor(() => {
      if (isThere(pid)) throw new Error('the server did not die');
    }, PROMPTLY);
  }

  /** The points since it was armed; the last one is that of the death, if it has died. */
  async points(): Promise<string[]> {
    return (await this.#lines()).slice(1);
  }

  async #lines(): Promise<string[]> {
    const text = await readFile(this.#journal, 'utf8');
    return text.split('\n').slice(0, -1);
  }

  dispose(): Promise<void> {
    return this.server.dispose();
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

const PROMPTLY = { timeout: 60_000, interval: 5 };
