import type { Readable } from 'node:stream';
import { pause } from '../instances/ports/time.ts';
import { HandOver, type HandOverDependencies, type WayOn } from './hand-over.ts';
import type { Inheritance } from './inheritance.ts';
import { lastExit } from './lifeline.ts';
import type { ReplaceableServer } from './replaceable.ts';
import type { SuccessorProcess } from './successor-process.ts';

export interface ServiceDependencies<Server extends ReplaceableServer> extends HandOverDependencies<Server> {
  /** Pid of the process that has the data directory; `null`: none, or unknown. */
  servingPid: () => number | null;
  sendSignal: (pid: number, signal: NodeJS.Signals) => void;
  /** Passes the exit status of the service to the process that was started first. */
  reportExit: (code: number) => void;
  /** Whether this process was started first: a terminal, a container or a script waits for its end. */
  isFirst: boolean;
  /**
   * Called with the pid of a server that has replaced this one. True: the service manager watches that process now, and this
   * one may end as soon as it has nothing left to do.
   */
  onSuccessor: (pid: number) => boolean | Promise<boolean>;
  /** Called when a reload begins, and when one has failed and this process continues to serve. */
  onChange?: (stage: 'begun' | 'failed') => void;
}

/** A command on this machine and a service manager both send a signal. */
const BY_SIGNAL = 'a signal';
/** A process may treat two signals in quick succession as one, so the signal is repeated until the process is gone. */
const HURRY_EVERY_MS = 100;
const HURRY_FOR_MS = 2_000;
/** Time for answers to finish after the service ended without a signal to this process. */
const FAREWELL_MS = 1_000;

interface Replaced {
  phase: 'replaced';
  /** The process that replaced this one; `null`: it has ended, and its pid may be reused. */
  pid: number | null;
  /**
   * Resolves to the exit status of the service; `null`: another process was started first, and waits for that status.
   */
  exit: Promise<number> | null;
}

type State<Server extends ReplaceableServer> =
  | { phase: 'serving' }
  | { phase: 'reloading'; handOver: HandOver<Server>; over: Promise<void> }
  | Replaced
  | { phase: 'closed' };

/**
 * Keeps track of which process serves: this one, or one that has replaced it.
 *
 * | Phase     | Serving process              | `reload`        | `close`                               | `hurry`                     |
 * | --------- | ---------------------------- | --------------- | ------------------------------------- | --------------------------- |
 * | serving   | this process                 | → reloading     | ends the server, → closed             | –                           |
 * | reloading | see the table of `HandOver`  | is refused      | waits for the end of the reload, then | kills the new process       |
 * |           |                              |                 | as in the phase that follows          |                             |
 * | replaced  | another process              | is passed on    | is passed on by the first process,    | is passed on until the last |
 * |           |                              |                 | which waits for the last server       | server is gone              |
 * | closed    | no process                   | –               | –                                     | –                           |
 *
 * A finished reload leads to *serving* (`kept`, `taken back`), *replaced*, or *closed* (`lost`). In *replaced*, this process
 * finishes the answers that it has begun. Then it ends, unless it was started first: then it stays until the last server ends.
 */
export class Service<Server extends ReplaceableServer> {
  readonly first: Server;
  /** Resolves to the exit status of this process when it has nothing left to do. */
  readonly over: Promise<number>;
  readonly #over = Promise.withResolvers<number>();
  readonly #dependencies: ServiceDependencies<Server>;
  #state: State<Server> = { phase: 'serving' };
  /** The server of this process, which serves or is leaving. */
  #server: Server;
  /** The number of the newest reload. */
  #reloads: number;
  #isEnding = false;
  #isWatchedElsewhere = false;

  private constructor(dependencies: ServiceDependencies<Server>, server: Server) {
    this.#dependencies = dependencies;
    this.first = server;
    this.#server = server;
    this.#reloads = server.reload;
    this.over = this.#over.promise;
  }

  /** @param inheritance `null`: no server served before */
  static async open<Server extends ReplaceableServer>(
    dependencies: ServiceDependencies<Server>,
    inheritance: Inheritance | null,
  ): Promise<Service<Server>> {
    return new Service(dependencies, await dependencies.start(inheritance));
  }

  /** Replaces the server by a new process. The server's `note` and the log give the result. @param requestedBy For the log */
  reload(requestedBy = BY_SIGNAL): void {
    const state = this.#state;
    switch (state.phase) {
      case 'serving':
        return this.#beginReload(requestedBy);
      case 'reloading':
        return this.#dependencies.log.warn(`A reload is under way already; ${requestedBy} requested another one`);
      case 'replaced':
        return this.#pass('SIGUSR2', this.#whoServes(state));
      case 'closed':
    }
  }

  /** Ends the service, whichever process serves. Resolves when this process may end. */
  async close(options: { stopEngines: boolean }): Promise<void> {
    this.#isEnding = true;
    const before = this.#state;
    const isHandingOver = before.phase === 'reloading' && before.handOver.hasLetGo;
    if (before.phase === 'reloading') {
      before.handOver.callOff();
      await before.over;
    }
    const state = this.#state;
    if (state.phase === 'serving') {
      this.#state = { phase: 'closed' };
      await this.#server.close(options);
      this.#dependencies.reportExit(0);
    } else if (state.phase === 'replaced') {
      // A process that takes over at this moment did not get the signal, whichever process was started first.
      const missed = isHandingOver ? state.pid : null;
      this.#pass('SIGTERM', state.exit === null ? missed : this.#whoServes(state));
      await this.#server.cut();
      await state.exit;
    }
  }

  /**
   * Hurries the end of another process that serves or is about to. Resolves when that process is gone, or after a time
   * limit.
   */
  async hurry(signal: NodeJS.Signals): Promise<void> {
    const state = this.#state;
    if (state.phase === 'reloading') {
      // Signals are not passed on during a reload, so kill the new process, even if it has taken over.
      await Promise.race([state.handOver.kill(), this.#pause(HURRY_FOR_MS)]);
    } else if (state.phase === 'replaced' && state.exit !== null) {
      const isGone = state.exit.then(() => true);
      for (let waited = 0; waited < HURRY_FOR_MS; waited += HURRY_EVERY_MS) {
        this.#pass(signal, this.#whoServes(state));
        if ((await Promise.race([isGone, this.#pause(HURRY_EVERY_MS)])) === true) return;
      }
    }
  }

  #beginReload(requestedBy: string): void {
    const number = (this.#reloads += 1);
    this.#dependencies.log.info(`Reload ${number} begins, requested by ${requestedBy}`);
    const handOver = new HandOver(this.#dependencies, this.#server, { number, requestedBy });
    this.#dependencies.onChange?.('begun');
    const over = this.#reload(handOver).catch((error: unknown) => {
      this.#dependencies.log.error({ err: error }, 'The reload failed because of a bug in llamactl');
      this.#over.resolve(1);
    });
    this.#state = { phase: 'reloading', handOver, over };
  }

  async #reload(handOver: HandOver<Server>): Promise<void> {
    const old = this.#server;
    const outcome = await handOver.run();
    switch (outcome.kind) {
      case 'kept':
        return this.#serveOn();
      case 'taken back':
        this.#server = outcome.server;
        void this.#leave(old, outcome.way, { stopsListening: false });
        return this.#serveOn();
      case 'replaced':
        return this.#giveWay(outcome.process, outcome.way);
      case 'lost':
        this.#state = { phase: 'closed' };
        this.#over.resolve(1);
    }
  }

  #serveOn(): void {
    this.#state = { phase: 'serving' };
    this.#dependencies.onChange?.('failed');
  }

  async #giveWay({ pid, lifeline, ended }: SuccessorProcess, way: WayOn): Promise<void> {
    const state: Replaced = { phase: 'replaced', pid, exit: lifeline === null ? null : this.#exitBy(lifeline) };
    this.#state = state;
    void ended.then(() => {
      state.pid = null;
    });
    void way.link.closed.then((how) => how === 'lost' && this.#lose(state));
    this.#isWatchedElsewhere = await this.#isWatched(pid);
    void this.#leave(this.#server, way, { stopsListening: true }).then(() => {
      if (!this.#dependencies.isFirst || this.#isWatchedElsewhere) this.#over.resolve(0);
    });
  }

  async #leave(server: Server, { link, door }: WayOn, options: { stopsListening: boolean }): Promise<void> {
    await server.leave(door, options);
    link.close();
  }

  /**
   * Handles the death of the successor. The answers that this process still finishes are no longer counted anywhere, so
   * it breaks them off. The process that was started first stays: a further server may have replaced the successor, and
   * only the lifeline shows that.
   */
  #lose({ exit }: Replaced): void {
    if (this.#isEnding) return;
    this.#dependencies.log.error({}, 'The server that has replaced this one ended unexpectedly');
    void this.#sayFarewell().then(() => {
      this.#server.breakOff();
      if (exit === null || this.#isWatchedElsewhere) this.#over.resolve(1);
    });
  }

  /** Waits for the exit status of the last server, which then becomes the exit status of this process. */
  #exitBy(lifeline: Readable): Promise<number> {
    const exit = lastExit(lifeline);
    void exit.then(async (code) => {
      // If the service is ending, `close` decides when this process ends.
      if (this.#isEnding) return;
      await this.#sayFarewell();
      this.#over.resolve(code);
    });
    return exit;
  }

  /** Gives short answers time to finish. */
  async #sayFarewell(): Promise<void> {
    await Promise.race([this.#server.cut(), this.#pause(FAREWELL_MS)]);
  }

  /** Finds the serving process. On a full disk no file names it, but then no further server can have replaced the successor. */
  #whoServes({ pid }: Replaced): number | null {
    return this.#dependencies.servingPid() ?? pid;
  }

  #pass(signal: NodeJS.Signals, pid: number | null): void {
    if (pid !== null && pid !== process.pid) this.#dependencies.sendSignal(pid, signal);
  }

  #pause(milliseconds: number): Promise<void> {
    return pause(this.#dependencies.clock, milliseconds);
  }

  async #isWatched(pid: number): Promise<boolean> {
    try {
      return await this.#dependencies.onSuccessor(pid);
    } catch (error) {
      this.#dependencies.log.error({ err: error }, 'The service manager could not be informed about the new process');
      return false;
    }
  }
}
