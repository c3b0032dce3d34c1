import type { Environment } from '../config/env.ts';
import type { Clock } from '../instances/ports.ts';
import type { RunTool } from '../supervisor/tool.ts';

/** Tells systemd, if it started us, where the life of the service stands. Elsewhere every word of it does nothing. */
export interface ServiceNotifier {
  /** We serve; the watchdog is fed from now on. Also after a reload that failed. @param status One line for `systemctl status`. */
  ready(status: string): void;
  /** A reload begins: `ready`, here or in the next process, says that it is over. */
  reloading(): void;
  /**
   * Another process, which this one launched, serves in its place and is the one to watch: it feeds the watchdog now.
   *
   * @returns whether systemd knows, so that this process may end; else it is still the one whose end is that of the service
   */
  successor(pid: number): Promise<boolean>;
  /** The end has begun. */
  stopping(): void;
  /** Resolves when everything was said; nothing is said any more. */
  close(): Promise<void>;
}

export interface ServiceNotifierParts {
  environment: Environment;
  /** Ours. */
  pid: number;
  /** We replace another server: the watchdog that was meant for it is ours. */
  isSuccessor: boolean;
  runTool: RunTool;
  clock: Clock;
  log: { warn(details: object, message: string): void };
}

/** systemd-notify waits up to five seconds until it was heard. */
const TIMEOUT_MS = 10_000;
/** How often the watchdog is fed within its time: one that comes to nothing may be followed by two more. */
const FED_WITHIN_ITS_TIME = 4;

/** Node knows no datagram sockets of the system, so a program speaks for us; the unit lets it by `NotifyAccess=all`. */
export function createServiceNotifier(parts: ServiceNotifierParts): ServiceNotifier {
  const socket = parts.environment['NOTIFY_SOCKET'] ?? '';
  return socket === '' ? NOBODY : new SystemdNotifier(parts, socket);
}

const NOBODY: ServiceNotifier = {
  ready: () => undefined,
  reloading: () => undefined,
  successor: async () => false,
  stopping: () => undefined,
  close: async () => undefined,
};

class SystemdNotifier implements ServiceNotifier {
  readonly #parts: ServiceNotifierParts;
  readonly #socket: string;
  /** `null`: there is no watchdog, or it is another's. */
  readonly #feedEveryMs: number | null;
  #cancelFeeding: (() => void) | null = null;
  #isClosed = false;
  /** What is said is said in order. */
  #said: Promise<unknown> = Promise.resolve();

  constructor(parts: ServiceNotifierParts, socket: string) {
    this.#parts = parts;
    this.#socket = socket;
    this.#feedEveryMs = feedingTime(parts);
  }

  ready(status: string): void {
    void this.#say('READY=1', `STATUS=${status.replaceAll('\n', ' ')}`);
    if (this.#cancelFeeding === null) this.#feedLater();
  }

  reloading(): void {
    void this.#say('RELOADING=1');
  }

  successor(pid: number): Promise<boolean> {
    this.#stopFeeding();
    return this.#say(`MAINPID=${pid}`);
  }

  stopping(): void {
    void this.#say('STOPPING=1');
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopFeeding();
    await this.#said;
  }

  #feedLater(): void {
    if (this.#feedEveryMs === null || this.#isClosed) return;
    this.#cancelFeeding = this.#parts.clock.after(this.#feedEveryMs, () => {
      void this.#say('WATCHDOG=1');
      this.#feedLater();
    });
  }

  #stopFeeding(): void {
    this.#cancelFeeding?.();
    this.#cancelFeeding = null;
  }

  /** @returns whether it was heard */
  #say(...assignments: string[]): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    const said = this.#said.then(() => this.#tell(assignments));
    this.#said = said;
    return said;
  }

  async #tell(assignments: readonly string[]): Promise<boolean> {
    const { runTool, log } = this.#parts;
    try {
      const options = { timeoutMs: TIMEOUT_MS, environment: { NOTIFY_SOCKET: this.#socket } };
      const { code, stderr } = await runTool('systemd-notify', assignments, options);
      if (code === 0) return true;
      throw new Error(stderr.trim() || `systemd-notify ended with status ${code}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ reason }, `systemd was not told ${assignments.join(' ')}`);
      return false;
    }
  }
}

function feedingTime({ environment, pid, isSuccessor }: ServiceNotifierParts): number | null {
  const { WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: watched = '' } = environment;
  if (!/^[1-9]\d*$/.test(microseconds)) return null;
  const isOurs = isSuccessor || watched === '' || watched === String(pid);
  return isOurs ? Number(microseconds) / 1_000 / FED_WITHIN_ITS_TIME : null;
}
