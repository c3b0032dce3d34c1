import { duplexPair, PassThrough } from 'node:stream';
import { expect, vi } from 'vitest';
import type { ActiveRequest } from '@llamactl/contract/requests';
import { LeaseBook } from '../instances/slots/lease-book.ts';
import type { Lease, LeaseRequest } from '../instances/slots/leases.ts';
import { FakeClock } from './fake-clock.ts';
import type { Inheritance } from '../reload/inheritance.ts';
import { PredecessorLink } from '../reload/predecessor-link.ts';
import type { ReplaceableServer } from '../reload/replaceable.ts';
import { Service, type ServiceDependencies } from '../reload/service.ts';
import type { SuccessorProcess } from '../reload/successor-process.ts';

/** For tests of the reload service: fakes of a server and its successors. */

/** A server that only records what is done with it. */
export class FakeServer implements ReplaceableServer {
  readonly url = 'http://127.0.0.1:8080';
  readonly listener = { fd: 3 };
  readonly hello = {
    pid: 1,
    version: '1',
    dataDirectory: '/data',
    address: { host: '127.0.0.1', port: 8080 },
    listening: 8080,
  };
  readonly reload: number;
  readonly book = new LeaseBook({ elapsed: () => 0 });
  readonly #done: string[];
  readonly #name: string;
  /** Requests that it still serves after the hand-over. */
  left: ActiveRequest[] = [];
  /** Resolves when the last of its connections is gone. */
  lastEnd: Promise<void> = Promise.resolve();
  record: Parameters<ReplaceableServer['recordBy']>[0]['record'] = () => undefined;
  used: Parameters<ReplaceableServer['recordBy']>[0]['used'] = () => undefined;
  finished: Parameters<ReplaceableServer['recordBy']>[0]['finished'] = () => undefined;
  successor: (request: LeaseRequest) => Promise<Lease> = () => Promise.reject(new Error('it serves itself'));

  constructor(name: string, done: string[], reload: number) {
    this.#name = name;
    this.#done = done;
    this.reload = reload;
  }

  #did(what: string): void {
    this.#done.push(`${this.#name} ${what}`);
  }

  assertKept(): void {
    return undefined;
  }

  note(number: number, failure: string | null): void {
    this.#did(`notes ${number}${failure === null ? '' : ` failed: ${failure}`}`);
  }

  async writeAhead(): Promise<void> {}

  async hold(): Promise<void> {
    this.#did('holds');
  }

  async handOver(successor: (request: LeaseRequest) => Promise<Lease>): Promise<void> {
    this.#did('hands over');
    this.successor = successor;
  }

  uses() {
    return this.book.uses();
  }

  watchLeases(watcher: Parameters<LeaseBook['watch']>[0]): void {
    this.book.watch(watcher);
  }

  breakLeases(): void {
    this.#did('breaks leases');
  }

  reportRequests(report: Parameters<ReplaceableServer['reportRequests']>[0]): void {
    if (this.left.length > 0) report(this.left);
  }

  cancelRequest(id: string): void {
    this.#did(`cancels ${id}`);
  }

  shutOut({ kind, whose }: Parameters<ReplaceableServer['shutOut']>[0]): void {
    this.#did(`shuts out ${kind} ${whose}`);
  }

  recordBy({ record, used, finished }: Parameters<ReplaceableServer['recordBy']>[0]): void {
    this.record = record;
    this.used = used;
    this.finished = finished;
  }

  async leave(door: string): Promise<void> {
    this.#did(`leaves to ${door}`);
    await this.lastEnd;
  }

  async cut(): Promise<void> {
    this.#did('cuts');
  }

  breakOff(): void {
    this.#did('breaks off');
  }

  async close(): Promise<void> {
    this.#did('closes');
  }
}

/** A successor process that a test controls. */
export class FakeSuccessor {
  readonly #ended = Promise.withResolvers<string>();
  readonly lifeline = new PassThrough();
  readonly link: PredecessorLink;
  readonly process: SuccessorProcess;

  constructor(done: string[]) {
    const [ours, its] = duplexPair();
    this.link = new PredecessorLink(its);
    this.process = {
      pid: 99,
      channel: ours,
      lifeline: this.lifeline,
      ended: this.#ended.promise,
      kill: () => {
        done.push('successor killed');
        this.die('by SIGKILL');
      },
    };
  }

  /** Takes over, and waits until everything has been received. */
  async take(): Promise<void> {
    await this.link.hello;
    await this.link.takeOver();
  }

  async serve(): Promise<void> {
    await this.take();
    this.link.ready('/door');
  }

  die(how: string): void {
    this.#ended.resolve(how);
    this.link.end();
    this.lifeline.end();
  }
}

/**
 * Opens a service, and returns it with the recorded actions of its servers and the signals it sent.
 *
 * @param options.takesBack False: a second server of this process cannot start, as if the store had been migrated.
 */
export async function service(changes: Partial<ServiceDependencies<FakeServer>> = {}, { takesBack = true } = {}) {
  const done: string[] = [];
  const signals: string[] = [];
  const successors: FakeSuccessor[] = [];
  const clock = new FakeClock();
  const failures: string[] = [];
  const notes: string[] = [];
  const dependencies: ServiceDependencies<FakeServer> = {
    clock,
    log: {
      debug: () => undefined,
      info: (message) => void notes.push(message),
      warn: (message) => void failures.push(message),
      error: (_details, message) => void failures.push(message),
    },
    start: async (inheritance: Inheritance | null) => {
      const server = new FakeServer(inheritance === null ? 'first' : 'again', done, inheritance?.hello.reload ?? 0);
      if (inheritance !== null && !takesBack) throw new Error('the store is of a newer version');
      if (inheritance !== null) {
        await inheritance.link.takeOver();
        inheritance.link.ready('/own-door');
      }
      return server;
    },
    launch: async () => {
      const successor = new FakeSuccessor(done);
      successors.push(successor);
      // Only the first process keeps the lifeline's other end; any other passes its own on to the successor.
      return dependencies.isFirst ? successor.process : { ...successor.process, lifeline: null };
    },
    servingPid: () => 99,
    sendSignal: (pid, signal) => void signals.push(`${signal} to ${pid}`),
    reportExit: (code) => void done.push(`exit ${code}`),
    isFirst: true,
    onSuccessor: () => false,
    ...changes,
  };
  const opened = await Service.open(dependencies, null);
  const successor = async (): Promise<FakeSuccessor> =>
    vi.waitFor(() => {
      const newest = successors.at(-1);
      if (newest === undefined) throw new Error('none was launched');
      return newest;
    });
  const until = (what: string): Promise<void> => vi.waitFor(() => expect(done).toContain(what));
  return { service: opened, done, signals, successors, successor, until, failures, notes, clock };
}
