import { duplexPair, type Duplex, type Readable } from 'node:stream';
import type { RunUse } from '../instances/lease-book.ts';
import type { Lease, LeaseRequest } from '../instances/leases.ts';
import type { Clock } from '../instances/ports.ts';
import type { Inheritance } from './inheritance.ts';
import { lastExit } from './lifeline.ts';
import type { Listener } from './listener.ts';
import type { Hello } from './messages.ts';
import { PredecessorLink } from './predecessor-link.ts';
import { SuccessorLink } from './successor-link.ts';
import type { SuccessorProcess } from './successor-process.ts';

/** A server that can be replaced. */
export interface Reign {
  url: string;
  /** What it listens by. */
  listener: Listener;
  /** What the next one has to know first, but for the number of the change. */
  hello: Omit<Hello, 'type' | 'reload'>;
  /** The number of the change that made it serve; 0: it is the first. */
  reload: number;
  /** Lets people know where a change stands. */
  note(number: number, failure: string | null): void;
  /** New requests wait from now on. Resolves when those are over that need what is handed over. */
  hold(): Promise<void>;
  /** Lets go of engines, store and data directory; leases come from `successor`. */
  handOver(successor: (request: LeaseRequest) => Promise<Lease>): Promise<void>;
  /** How engines are used at the moment. */
  uses(): RunUse[];
  /** Tells of each lease that ends from now on. */
  watchLeases(watcher: (use: Pick<RunUse, 'instance' | 'run' | 'open'>) => void): void;
  breakLeases(instance: string, run: number): void;
  /** What ends here belongs into the audit trail of the next. */
  recordBy(record: SuccessorLink['record']): void;
  /** Requests go to the next server from now on. Resolves when the last connection is gone and nothing is left to do. */
  leave(door: string, options: { stopsListening: boolean }): Promise<void>;
  /** Ends connections, also such as are in the middle of an answer when that takes long. After `handOver`. */
  cut(): Promise<void>;
  /** Ends the service; engines live on unless `stopEngines`. */
  close(options: { stopEngines: boolean }): Promise<void>;
}

export interface ServiceParts<Server extends Reign> {
  clock: Clock;
  log: { info(message: string): void; warn(message: string): void; error(details: object, message: string): void };
  start: (inheritance: Inheritance | null) => Promise<Server>;
  launch: (listener: Listener) => Promise<SuccessorProcess>;
  /** The process that has the data directory; `null`: none, or not known. */
  servingPid: () => number | null;
  sendSignal: (pid: number, signal: NodeJS.Signals) => void;
  /** Tells with which status the service ends, whoever was started first. */
  tellExit: (code: number) => void;
  /** It was started first: whoever started it waits for it to end. */
  isFirst: boolean;
  /**
   * Told the pid of a server that has replaced this one. True: whoever started this process watches that one now, so that
   * this one may end as soon as it has nothing left to do.
   */
  onSuccessor: (pid: number) => boolean | Promise<boolean>;
  /** Told when a change begins, and when one failed, so that this process goes on. */
  onChange?: (stage: 'begun' | 'failed') => void;
}

/** So long a new process may take until it can take over: to load, and to read the configuration. */
const PREPARED_WITHIN_MS = 60_000;
/** So long it may take to take over; requests wait meanwhile. */
const READY_WITHIN_MS = 120_000;

type Phase = 'serving' | 'preparing' | 'handing over' | 'replaced' | 'closed';

/**
 * The server of this process, through all changes: it serves, hands over to another process, takes back what that could
 * not take, and stays for whoever waits for this process to end.
 */
export class Service<Server extends Reign> {
  readonly first: Server;
  /** Resolves when this process has nothing left to do, to its exit status. */
  readonly over: Promise<number>;
  readonly #over = Promise.withResolvers<number>();
  readonly #parts: ServiceParts<Server>;
  #server: Server;
  #attempts: number;
  #phase: Phase = 'serving';
  #successor: SuccessorProcess | null = null;
  #change: Promise<void> = Promise.resolve();
  #lifeline: Promise<number> | null = null;
  #isWantedToEnd = false;
  #isWatchedElsewhere = false;

  private constructor(parts: ServiceParts<Server>, server: Server) {
    this.#parts = parts;
    this.first = server;
    this.#server = server;
    this.#attempts = server.reload;
    this.over = this.#over.promise;
  }

  /** @param inheritance `null`: nobody served before */
  static async open<Server extends Reign>(
    parts: ServiceParts<Server>,
    inheritance: Inheritance | null,
  ): Promise<Service<Server>> {
    return new Service(parts, await parts.start(inheritance));
  }

  /** Replaces the server by a new process. What comes of it is told to people by the server's `note` and the log. */
  reload(): void {
    const { log, servingPid, sendSignal } = this.#parts;
    switch (this.#phase) {
      case 'serving':
        this.#phase = 'preparing';
        this.#change = this.#replace().catch((error: unknown) => {
          log.error({ err: error }, 'The change of the server failed in a way that nobody foresaw');
          this.#over.resolve(1);
        });
        return;
      case 'preparing':
      case 'handing over':
        log.warn('A reload is under way already');
        return;
      case 'replaced': {
        const pid = servingPid();
        if (pid !== null && pid !== process.pid) sendSignal(pid, 'SIGUSR2');
        return;
      }
      case 'closed':
    }
  }

  /** Ends the service, whichever process it is in. Resolves when this process may end. */
  async close(options: { stopEngines: boolean }): Promise<void> {
    const { servingPid, sendSignal, tellExit } = this.#parts;
    this.#isWantedToEnd = true;
    const isHandingOver = this.#phase === 'handing over';
    if (this.#phase === 'preparing') this.#successor?.kill();
    await this.#change;
    if (this.#phase === 'serving') {
      this.#phase = 'closed';
      await this.#server.close(options);
      tellExit(0);
      return;
    }
    if (this.#phase !== 'replaced') return;
    // Whom a server hands over to while it is told to end has not heard of that, whoever was started first.
    const heard = isHandingOver ? (this.#successor?.pid ?? null) : null;
    const pid = this.#lifeline === null ? heard : servingPid();
    if (pid !== null && pid !== process.pid) sendSignal(pid, 'SIGTERM');
    await this.#server.cut();
    await this.#lifeline;
  }

  async #replace(): Promise<void> {
    const { log, launch } = this.#parts;
    const server = this.#server;
    const number = this.#attempts + 1;
    this.#attempts = number;
    this.#parts.onChange?.('begun');
    let successor: SuccessorProcess;
    let link: SuccessorLink;
    try {
      server.note(number, null);
      successor = await launch(server.listener);
      this.#successor = successor;
      link = this.#link(server, successor.channel);
      link.hello({ ...server.hello, reload: number });
      await this.#within(link.prepared, successor, PREPARED_WITHIN_MS);
      if (this.#isWantedToEnd) throw new Error('the server was told to end meanwhile');
    } catch (error) {
      this.#successor?.kill();
      this.#successor = null;
      const reason = reasonOf(error);
      log.error({ reason }, 'The server was not replaced, and goes on');
      this.#noteFailure(server, number, reason);
      this.#phase = 'serving';
      this.#parts.onChange?.('failed');
      return;
    }
    this.#phase = 'handing over';
    const heldAt = this.#parts.clock.now();
    await server.hold();
    const heir = Promise.withResolvers<SuccessorLink>();
    heir.promise.catch(() => undefined);
    await server.handOver(async (request) => (await heir.promise).acquire(request));
    server.watchLeases((use) => link.report(use));
    server.recordBy((entry) => link.record(entry));
    link.take(server.uses());
    try {
      const door = await this.#within(link.ready, successor, READY_WITHIN_MS);
      this.#phase = 'replaced';
      const waited = this.#parts.clock.now() - heldAt;
      log.info(`Process ${successor.pid} serves now; requests have waited for ${waited} ms at most`);
      heir.resolve(link);
      this.#isWatchedElsewhere = await this.#tellWatcher(successor.pid);
      if (successor.lifeline !== null) this.#waitFor(successor.lifeline);
      void this.#leave(server, link, door, true);
    } catch (error) {
      const reason = reasonOf(error);
      successor.kill();
      await successor.ended;
      log.error({ reason }, 'The new server failed to take over');
      if (this.#isWantedToEnd) {
        this.#phase = 'closed';
        return;
      }
      const [ours, its] = duplexPair();
      link = this.#link(server, ours);
      link.hello({ ...server.hello, reload: number });
      link.take(server.uses());
      await this.#takeBack(server, link, new PredecessorLink(its), reason);
      heir.resolve(link);
    }
  }

  /** A full disk may be why it failed, and keeps nobody from serving. */
  #noteFailure(server: Server, number: number, reason: string): void {
    try {
      server.note(number, reason);
    } catch (error) {
      this.#parts.log.error({ err: error }, 'Whoever asked for the reload cannot be told what came of it');
    }
  }

  /** The old server goes on as a new one in the same process, with what it handed over. Its requests find it as any successor. */
  async #takeBack(server: Server, link: SuccessorLink, its: PredecessorLink, failure: string): Promise<void> {
    const { log, start } = this.#parts;
    try {
      this.#server = await start({ listener: server.listener, link: its, hello: await its.hello, failure });
      this.#phase = 'serving';
      log.warn('The server has taken back what the new one could not take');
      this.#parts.onChange?.('failed');
      void this.#leave(server, link, await link.ready, false);
    } catch (error) {
      log.error({ err: error }, 'The server cannot take back what the new one could not take, and ends');
      this.#phase = 'closed';
      this.#over.resolve(1);
    }
  }

  async #leave(server: Server, link: SuccessorLink, door: string, stopsListening: boolean): Promise<void> {
    await server.leave(door, { stopsListening });
    link.close();
    if (!stopsListening) return;
    const { isFirst } = this.#parts;
    if (!isFirst || this.#isWatchedElsewhere) this.#over.resolve(0);
  }

  /** Whoever started this process waits for it: it stays until the last who serves has ended. */
  #waitFor(lifeline: Readable): void {
    this.#lifeline = lastExit(lifeline);
    void this.#lifeline.then((code) => {
      // While it is being closed, that decides when it is over.
      if (!this.#isWantedToEnd) this.#over.resolve(code);
    });
  }

  #link(server: Server, channel: Duplex): SuccessorLink {
    return new SuccessorLink(channel, {
      onBreak: (instance, run) => server.breakLeases(instance, run),
      onEnd: () => void server.cut(),
    });
  }

  async #tellWatcher(pid: number): Promise<boolean> {
    try {
      return await this.#parts.onSuccessor(pid);
    } catch (error) {
      this.#parts.log.error({ err: error }, 'Whoever started this server was not told of the new process');
      return false;
    }
  }

  async #within<Value>(promise: Promise<Value>, { ended }: SuccessorProcess, milliseconds: number): Promise<Value> {
    const { clock } = this.#parts;
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(milliseconds, () =>
      late.reject(new Error(`the new process was not ready within ${milliseconds / 1_000} seconds`)),
    );
    const early = ended.then(async (how) => {
      // What it said before is heard first.
      await promise.catch(() => undefined);
      throw new Error(`the new process ended ${how}; the log says more`);
    });
    early.catch(() => undefined);
    late.promise.catch(() => undefined);
    try {
      return await Promise.race([promise, early, late.promise]);
    } finally {
      cancel();
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
