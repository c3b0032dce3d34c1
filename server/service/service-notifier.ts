import { reasonOf } from '@llamactl/contract/reason';
import type { Environment } from '../config/env.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { RunTool } from '../supervisor/tool.ts';

/** Reports the state of the service to systemd. Does nothing if systemd did not start this process. */
export interface ServiceNotifier {
  /**
   * Reports that this process serves, even after a failed reload, and feeds the watchdog from now on.
   *
   * @param status One line for `systemctl status`.
   */
  ready(status: string): void;
  /** Reports that a reload begins. `ready`, in this process or its successor, reports its end. */
  reloading(): void;
  /**
   * Reports that a successor serves and is the process to watch; the successor feeds the watchdog from now on.
   *
   * @returns whether systemd accepted that, so that this process may end. Otherwise its end would still end the
   *   service.
   */
  successor(pid: number): Promise<boolean>;
  /** Reports that the service is stopping. */
  stopping(): void;
  /** Resolves when all reports were sent; sends no more. */
  close(): Promise<void>;
}

export interface ServiceNotifierParts {
  environment: Environment;
  /** Pid of this process. */
  pid: number;
  /** Whether this process replaces another server, and so takes over the watchdog that names that server's pid. */
  isSuccessor: boolean;
  runTool: RunTool;
  clock: Clock;
  log: { warn(details: object, message: string): void };
}

/** Timeout of systemd-notify, which itself waits up to five seconds for systemd. */
const TIMEOUT_MS = 10_000;
/** How often the watchdog is fed within its time: after a failed attempt two more are left. */
const FED_WITHIN_ITS_TIME = 4;

/** Creates the notifier. It runs `systemd-notify`, because Node has no Unix datagram sockets; the unit has `NotifyAccess=all`. */
export function createServiceNotifier(parts: ServiceNotifierParts): ServiceNotifier {
  const socket = parts.environment['NOTIFY_SOCKET'] ?? '';
  return socket === '' ? NO_MANAGER : new SystemdNotifier(parts, socket);
}

const NO_MANAGER: ServiceNotifier = {
  ready: () => undefined,
  reloading: () => undefined,
  successor: async () => false,
  stopping: () => undefined,
  close: async () => undefined,
};

class SystemdNotifier implements ServiceNotifier {
  readonly #parts: ServiceNotifierParts;
  readonly #socket: string;
  /** `null`: there is no watchdog, or it watches another process. */
  readonly #feedEveryMs: number | null;
  #cancelFeeding: (() => void) | null = null;
  #isClosed = false;
  /** Settles after the last report, so that reports keep their order. */
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

  /** Sends a report after all earlier ones. @returns whether systemd received this one */
  #say(...assignments: string[]): Promise<boolean> {
    if (this.#isClosed) return Promise.resolve(false);
    const said = this.#said.then(() => this.#send(assignments));
    this.#said = said;
    return said;
  }

  async #send(assignments: readonly string[]): Promise<boolean> {
    const { runTool, log } = this.#parts;
    try {
      const options = { timeoutMs: TIMEOUT_MS, environment: { NOTIFY_SOCKET: this.#socket } };
      const { code, stderr } = await runTool('systemd-notify', assignments, options);
      if (code === 0) return true;
      throw new Error(stderr.trim() || `systemd-notify ended with status ${code}`);
    } catch (error) {
      const reason = reasonOf(error);
      log.warn({ reason }, `systemd could not be notified of ${assignments.join(' ')}`);
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
