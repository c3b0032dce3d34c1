import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const NAMESPACE = ['--user', '--map-root-user', '--mount'];
const MOUNT = 'mkdir -p "$0" && mount -t tmpfs -o size=64m,mode=0700 none "$0"';

/** Why there can be no {@link SmallDisk}: systems may forbid namespaces to ordinary users, and containers to everybody. */
export function whyNoSmallDisk(): string | null {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'llamactl-mount-'));
  try {
    execFileSync('unshare', [...NAMESPACE, 'sh', '-c', MOUNT, folder], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return String(error);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A small filesystem in a namespace, which stays when all processes of the server are gone; it ends with this process. */
export class SmallDisk {
  readonly #holder: ChildProcess;
  readonly #pid: number;
  readonly #folder: string;

  private constructor(holder: ChildProcess, pid: number, folder: string) {
    this.#holder = holder;
    this.#pid = pid;
    this.#folder = folder;
  }

  /** @param folder Where it is mounted, for those who {@link enter}. */
  static async mount(folder: string): Promise<SmallDisk> {
    const holder = spawn('unshare', [...NAMESPACE, 'sh', '-c', `${MOUNT} && echo done && exec cat`, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(holder, 'exit').then(() => {
      throw new Error('there is no small disk');
    });
    ended.catch(() => undefined);
    await Promise.race([once(holder.stdout, 'data'), ended]);
    return new SmallDisk(holder, holder.pid ?? 0, folder);
  }

  /** The folder, as it is seen from outside of the namespace. */
  get visibleFolder(): string {
    return `/proc/${this.#pid}/root${this.#folder}`;
  }

  /** What a command has to begin with to see it. */
  get enter(): string[] {
    return ['nsenter', '--user', '--mount', '--preserve-credentials', `--target=${this.#pid}`];
  }

  get #filler(): string {
    return path.join(this.visibleFolder, 'filler');
  }

  /** Writes until nothing more fits. */
  fill(): void {
    const descriptor = openSync(this.#filler, 'w');
    try {
      for (const size of [1 << 20, 4_096, 1]) while (writes(descriptor, size));
    } finally {
      closeSync(descriptor);
    }
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true });
  }

  release(): void {
    this.#holder.kill('SIGKILL');
  }
}

function writes(descriptor: number, size: number): boolean {
  try {
    return writeSync(descriptor, Buffer.alloc(size)) === size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return false;
    throw error;
  }
}
