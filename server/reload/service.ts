import { duplexPair, type Duplex, type Readable } from 'node:stream';
import type { Clock } from '../instances/ports.ts';
import { saidWithin } from './deadline.ts';
import type { Inheritance } from './inheritance.ts';
import { lastExit } from './lifeline.ts';
import type { Listener } from './listener.ts';
import { PredecessorLink } from './predecessor-link.ts';
import type { ReplaceableServer } from './replaceable.ts';
import { SuccessorLink } from './successor-link.ts';
import type { SuccessorProcess } from './successor-process.ts';

export interface ServiceParts<Server extends ReplaceableServer> {
  clock: Clock;
  log: {
    debug(details: object, message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(details: object, message: string): void;
  };
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

/** One that is told twice what it may take for one wish overhears the second; so it is told until it is gone. */
const HURRY_EVERY_MS = 100;
const HURRY_FOR_MS = 2_000;
/** So long answers may take to their end when the service is over without having been told to end. */
const FAREWELL_MS = 1_000;

type Phase = 'serving' | 'preparing' | 'handing over' | 'replaced' | 'closed';

/**
 * The server of this process, through all changes: it serves, hands over to another process, takes back what that could
 * not take, and stays for whoever waits for this process to end.
 */
export class Service<Server extends ReplaceableServer> {
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
  static async open<Server extends ReplaceableServer>(
    parts: ServiceParts<Server>,
    inheritance: Inheritance | null,
  ): Promise<Service<Server>> {
    return new Service(parts, await parts.start(inheritance));
  }

  /** Replaces the server by a new process. What comes of it is told to people by the server's `note` and the log. */
  reload(): void {
    const { log } = this.#parts;
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
      case 'replaced':
        return this.#tell(this.#whoServes(), 'SIGUSR2');
      case 'closed':
    }
  }

  /** Ends the service, whichever process it is in. Resolves when this process may end. */
  async close(options: { stopEngines: boolean }): Promise<void> {
    this.#isWantedToEnd = true;
    const isHandingOver = this.#phase === 'handing over';
    if (this.#phase === 'preparing') this.#successor?.kill();
    await this.#change;
    if (this.#phase === 'serving') {
      this.#phase = 'closed';
      await this.#server.close(options);
      this.#parts.tellExit(0);
      return;
    }
    if (this.#phase !== 'replaced') return;
    // Whom a server hands over to while it is told to end has not heard of that, whoever was started first.
    const heard = isHandingOver ? (this.#successor?.pid ?? null) : null;
    this.#tell(this.#lifeline === null ? heard : this.#whoServes(), 'SIGTERM');
    await this.#server.cut();
    await this.#lifeline;
  }

  /**
   * The end that was asked for shall not wait, where another process serves, or is about to. Resolves when that is gone, or does
   * not go.
   */
  async hurry(signal: NodeJS.Signals): Promise<void> {
    if (this.#phase === 'preparing' || this.#phase === 'handing over') {
      // Nobody would tell it that the service is over, once it has everything.
      const successor = this.#successor;
      successor?.kill();
      if (successor !== null) await Promise.race([successor.ended, this.#pause(HURRY_FOR_MS)]);
      return;
    }
    if (this.#phase !== 'replaced' || this.#lifeline === null) return;
    const isGone = this.#lifeline.then(() => true);
    for (let waited = 0; waited < HURRY_FOR_MS; waited += HURRY_EVERY_MS) {
      this.#tell(this.#whoServes(), signal);
      if (await Promise.race([isGone, this.#pause(HURRY_EVERY_MS)])) return;
    }
  }

  /** The process that serves. On a full disk nothing says so, but nobody can have replaced our own successor then. */
  #whoServes(): number | null {
    return this.#parts.servingPid() ?? this.#successor?.pid ?? null;
  }

  #tell(pid: number | null, signal: NodeJS.Signals): void {
    if (pid !== null && pid !== process.pid) this.#parts.sendSignal(pid, signal);
  }

  #pause(milliseconds: number): Promise<false> {
    return new Promise((resolve) => void this.#parts.clock.after(milliseconds, () => resolve(false)));
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
      server.assertKept();
      server.note(number, null);
      successor = await launch(server.listener);
      this.#successor = successor;
      void successor.ended.then(() => {
        // Its pid may become somebody else's.
        if (this.#successor === successor) this.#successor = null;
      });
      link = this.#link(server, successor.channel);
      link.hello({ ...server.hello, reload: number });
      await saidWithin(PREPARED_WITHIN_MS, link.prepared, successor, this.#parts.clock);
      if (this.#isWantedToEnd) throw new Error('the server was told to end meanwhile');
      server.assertKept();
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
    const heldAt = this.#parts.clock.elapsed();
    const heir = Promise.withResolvers<SuccessorLink>();
    heir.promise.catch(() => undefined);
    try {
      await server.hold();
      server.recordBy((entry) => void heir.promise.then((there) => there.record(entry)));
      await server.handOver(async (request) => (await heir.promise).acquire(request));
      server.watchLeases((use) => link.report(use));
      link.take(server.uses());
      const door = await saidWithin(READY_WITHIN_MS, link.ready, successor, this.#parts.clock);
      this.#phase = 'replaced';
      if (successor.lifeline !== null) this.#waitFor(successor.lifeline);
      const waited = this.#parts.clock.elapsed() - heldAt;
      log.info(`Process ${successor.pid} serves now; requests have waited for ${waited} ms at most`);
      heir.resolve(link);
      void link.closed.then((how) => how === 'lost' && this.#lost());
      this.#isWatchedElsewhere = await this.#tellWatcher(successor.pid);
      void this.#leave(server, link, door, true);
    } catch (error) {
      const reason = reasonOf(error);
      successor.kill();
      await successor.ended;
      log.error({ reason }, 'The new server failed to take over');
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

  /**
   * The new server is gone without an end, while requests are finished here: nobody else can tell, and they count nowhere. One
   * that was started first stays all the same: another may have replaced that server, and the lifeline tells.
   */
  #lost(): void {
    if (this.#isWantedToEnd) return;
    this.#parts.log.error({}, 'The server that has replaced this one is gone, and did not say why');
    void this.#sayFarewell().then(() => {
      this.#server.breakOff();
      if (this.#lifeline === null || this.#isWatchedElsewhere) this.#over.resolve(1);
    });
  }

  async #endWith(code: number): Promise<void> {
    await this.#sayFarewell();
    this.#over.resolve(code);
  }

  /** Answers that are short come to their end. */
  async #sayFarewell(): Promise<void> {
    await Promise.race([this.#server.cut(), this.#pause(FAREWELL_MS)]);
  }

  /** Whoever started this process waits for it: it stays until the last who serves has ended. */
  #waitFor(lifeline: Readable): void {
    this.#lifeline = lastExit(lifeline);
    void this.#lifeline.then((code) => {
      // While it is being closed, that decides when it is over.
      if (!this.#isWantedToEnd) void this.#endWith(code);
    });
  }

  #link(server: Server, channel: Duplex): SuccessorLink {
    return new SuccessorLink(channel, {
      onBreak: (instance, run, died) => server.breakLeases(instance, run, died),
      onDead: (dead) => server.shutOut(dead),
      onEnd: () => void server.cut(),
      onOverheard: (type) => this.#parts.log.debug({ type }, 'The new server said something of a later version'),
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
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
