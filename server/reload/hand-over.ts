import { reasonOf } from '@llamactl/contract/reason';
import { duplexPair, type Duplex } from 'node:stream';
import type { Clock } from '../instances/ports/time.ts';
import { answerWithin } from './deadline.ts';
import type { Inheritance } from './inheritance.ts';
import type { Listener } from './listener.ts';
import { PredecessorLink } from './predecessor-link.ts';
import type { ReplaceableServer } from './replaceable.ts';
import { SuccessorLink } from './successor-link.ts';
import type { SuccessorProcess } from './successor-process.ts';

export interface HandOverDependencies<Server extends ReplaceableServer> {
  clock: Clock;
  log: {
    debug(details: object, message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(details: object, message: string): void;
  };
  /** Starts a server in this process. `null`: no server served before. */
  start: (inheritance: Inheritance | null) => Promise<Server>;
  /** Launches the program, as it is on the disk now, in a new process. */
  launch: (listener: Listener) => Promise<SuccessorProcess>;
}

/** How requests that are still in the old server reach the new one. */
export interface WayOn {
  link: SuccessorLink;
  /** Path of the new server's Unix socket for requests. */
  door: string;
}

/** The result of a reload. */
export type Outcome<Server> =
  /** The old server kept the lock, and serves. */
  | { kind: 'kept' }
  /** A new process serves. */
  | { kind: 'replaced'; process: SuccessorProcess; way: WayOn }
  /** A second server of this process serves. */
  | { kind: 'taken back'; server: Server; way: WayOn }
  /** No server can take the lock and the store. */
  | { kind: 'lost' };

/** Time for a new process to load, read its configuration, and rehearse. */
const PREPARED_WITHIN_MS = 60_000;
/** Time for that process to take over; requests wait meanwhile. */
const READY_WITHIN_MS = 120_000;

/**
 * Runs one reload: hands the lock, the store and the requests of a server over to a new process.
 *
 * | Step        | Lock and store belong to           | Requests   | When the step succeeds | When it fails |
 * | ----------- | ---------------------------------- | ---------- | ---------------------- | ------------- |
 * | prepare     | the old server                     | are served | let go                 | `kept`        |
 * | let go      | the old server until the step ends | wait       | hand over              | take back     |
 * | hand over   | the new process                    | wait       | `replaced`             | take back     |
 * | take back   | a second server of this process    | wait       | `taken back`           | start again   |
 * | start again | one more new process               | wait       | `replaced`             | `lost`        |
 *
 * *Take back* fails if the new process was of a later version and has changed the store. The program on the disk can open
 * that store, so the reload launches the program once more. A reload owns one new process at a time, and kills it when a
 * step fails.
 */
export class HandOver<Server extends ReplaceableServer> {
  readonly #dependencies: HandOverDependencies<Server>;
  readonly #server: Server;
  readonly #number: number;
  readonly #requestedBy: string;
  #process: SuccessorProcess | null = null;
  #hasLetGo = false;
  #isCalledOff = false;
  /** The link to the candidate that got the lock last. */
  #taker: SuccessorLink | null = null;
  /** The link to the server that has taken over. */
  readonly #successor = Promise.withResolvers<SuccessorLink>();

  /** @param reload The number of this reload, and who requested it. */
  constructor(
    dependencies: HandOverDependencies<Server>,
    server: Server,
    { number, requestedBy }: { number: number; requestedBy: string },
  ) {
    this.#dependencies = dependencies;
    this.#server = server;
    this.#number = number;
    this.#requestedBy = requestedBy;
  }

  /** Whether the old server has stopped serving. */
  get hasLetGo(): boolean {
    return this.#hasLetGo;
  }

  /**
   * Cancels the reload because the service ends. If the old server has already let go, the reload continues, but
   * launches no further process.
   */
  callOff(): void {
    this.#isCalledOff = true;
    if (!this.#hasLetGo) this.#process?.kill();
  }

  /** Kills the new process, whatever it has taken over. Resolves when that process is gone. */
  async kill(): Promise<void> {
    this.#process?.kill();
    await this.#process?.ended;
  }

  /** Runs all steps. Never rejects for a failure outside llamactl. */
  async run(): Promise<Outcome<Server>> {
    const { log } = this.#dependencies;
    let successor: SuccessorLink;
    try {
      successor = await this.#prepare();
    } catch (error) {
      return this.#keep(reasonOf(error));
    }
    let failure: string;
    const heldAt = this.#dependencies.clock.elapsed();
    try {
      await this.#letGo();
      return await this.#handOver(successor, heldAt);
    } catch (error) {
      failure = reasonOf(error);
      await this.kill();
      log.error({ reason: failure }, 'The new server failed to take over');
    }
    try {
      return await this.#takeBack(failure);
    } catch (error) {
      log.error(
        { err: error },
        'The old server cannot take back the lock and the store; starting one more new process',
      );
    }
    try {
      return await this.#handOver(await this.#launch(), heldAt);
    } catch (error) {
      await this.kill();
      log.error({ reason: reasonOf(error) }, 'No server could take over; llamactl ends, and engines keep running');
      return { kind: 'lost' };
    }
  }

  /** @returns the link to a new process that can take over */
  async #prepare(): Promise<SuccessorLink> {
    this.#server.assertKept();
    this.#server.note(this.#number, null);
    const link = await this.#launch();
    this.#server.assertKept();
    await this.#server.writeAhead();
    this.#assertWanted();
    return link;
  }

  #keep(reason: string): Outcome<Server> {
    const { log } = this.#dependencies;
    this.#process?.kill();
    log.error({ reason }, 'The reload failed; the old server continues to serve');
    try {
      this.#server.note(this.#number, reason);
    } catch (error) {
      // On a full disk the reload fails, and the old server cannot write, but it can serve.
      log.error({ err: error }, 'The reason could not be written to server.json, where llamactl reload looks for it');
    }
    return { kind: 'kept' };
  }

  /** Makes new requests wait, and releases the lock, the store and the engines. */
  async #letGo(): Promise<void> {
    const server = this.#server;
    const successor = this.#successor.promise;
    this.#hasLetGo = true;
    await server.hold();
    server.recordBy({
      record: (entry) => void successor.then((link) => link.record(entry)),
      used: (request) => void successor.then((link) => link.used(request)),
      finished: (request) => void successor.then((link) => link.finished(request)),
    });
    await server.handOver(async (request) => (await successor).acquire(request));
    server.watchLeases((use) => this.#taker?.report(use));
    void this.#successor.promise.then((link) => server.reportRequests((list) => link.requests(list)));
  }

  /** @param heldAt When requests began to wait, by `Clock.elapsed`. */
  async #handOver(link: SuccessorLink, heldAt: number): Promise<Outcome<Server>> {
    const process = this.#process;
    if (process === null) throw new Error('a hand-over began before a process was launched');
    this.#give(link);
    const door = await answerWithin(READY_WITHIN_MS, link.ready, process, this.#dependencies.clock);
    this.#successor.resolve(link);
    const waited = this.#dependencies.clock.elapsed() - heldAt;
    this.#dependencies.log.info(`Process ${process.pid} serves now; requests have waited for at most ${waited} ms`);
    return { kind: 'replaced', process, way: { link, door } };
  }

  /** Starts a second server in this process, which takes over. @param failure Why the new process failed. */
  async #takeBack(failure: string): Promise<Outcome<Server>> {
    const [ours, its] = duplexPair();
    const link = this.#greet(ours);
    this.#give(link);
    const predecessor = new PredecessorLink(its);
    const { listener } = this.#server;
    const server = await this.#dependencies.start({
      listener,
      link: predecessor,
      hello: await predecessor.hello,
      failure,
    });
    const door = await link.ready;
    this.#successor.resolve(link);
    this.#dependencies.log.warn('The old server has taken back the lock and the store, and serves again');
    return { kind: 'taken back', server, way: { link, door } };
  }

  /** Launches the program. @returns the link to it, once it can take over */
  async #launch(): Promise<SuccessorLink> {
    this.#assertWanted();
    const process = await this.#dependencies.launch(this.#server.listener);
    this.#process = process;
    this.#assertWanted();
    const link = this.#greet(process.channel);
    await answerWithin(PREPARED_WITHIN_MS, link.prepared, process, this.#dependencies.clock);
    this.#assertWanted();
    return link;
  }

  #assertWanted(): void {
    if (this.#isCalledOff) throw new Error('the server was asked to end meanwhile');
  }

  #greet(channel: Duplex): SuccessorLink {
    const server = this.#server;
    const link = new SuccessorLink(channel, {
      onBreak: (instance, run, died) => server.breakLeases(instance, run, died),
      onDead: (dead) => server.shutOut(dead),
      onCancel: (request) => server.cancelRequest(request),
      onEnd: () => void server.cut(),
      onUnknown: (type) =>
        this.#dependencies.log.debug({ type }, 'The new server sent a message that this version does not know'),
    });
    link.hello({ ...server.hello, reload: this.#number, requestedBy: this.#requestedBy });
    return link;
  }

  #give(link: SuccessorLink): void {
    link.take(this.#server.uses());
    this.#taker = link;
  }
}
