import { duplexPair, PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { LeaseBook } from '../instances/lease-book.ts';
import type { Lease, LeaseRequest } from '../instances/leases.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import type { Inheritance } from './inheritance.ts';
import { PredecessorLink } from './predecessor-link.ts';
import { type Reign, Service, type ServiceParts } from './service.ts';
import type { SuccessorProcess } from './successor-process.ts';

/** A server that only says what is done with it. */
class FakeReign implements Reign {
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
  readonly book = new LeaseBook({ now: () => 0 });
  readonly #done: string[];
  readonly #name: string;
  successor: (request: LeaseRequest) => Promise<Lease> = () => Promise.reject(new Error('it serves itself'));

  constructor(name: string, done: string[], reload: number) {
    this.#name = name;
    this.#done = done;
    this.reload = reload;
  }

  #did(what: string): void {
    this.#done.push(`${this.#name} ${what}`);
  }

  note(number: number, failure: string | null): void {
    this.#did(`notes ${number}${failure === null ? '' : ` failed: ${failure}`}`);
  }

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

  recordBy(): void {}

  async leave(door: string): Promise<void> {
    this.#did(`leaves to ${door}`);
  }

  async cut(): Promise<void> {
    this.#did('cuts');
  }

  async close(): Promise<void> {
    this.#did('closes');
  }
}

/** A successor as a test plays it. */
class FakeSuccessor {
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

  /** Takes over, up to the moment when it has everything. */
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

async function service(changes: Partial<ServiceParts<FakeReign>> = {}) {
  const done: string[] = [];
  const signals: string[] = [];
  const successors: FakeSuccessor[] = [];
  const clock = new FakeClock();
  const failures: string[] = [];
  const parts: ServiceParts<FakeReign> = {
    clock,
    log: {
      info: () => undefined,
      warn: (message) => void failures.push(message),
      error: (_details, message) => void failures.push(message),
    },
    start: async (inheritance: Inheritance | null) => {
      const reign = new FakeReign(inheritance === null ? 'first' : 'again', done, inheritance?.hello.reload ?? 0);
      if (inheritance !== null) {
        await inheritance.link.takeOver();
        inheritance.link.ready('/own-door');
      }
      return reign;
    },
    launch: async () => {
      const successor = new FakeSuccessor(done);
      successors.push(successor);
      return successor.process;
    },
    servingPid: () => 99,
    sendSignal: (pid, signal) => void signals.push(`${signal} to ${pid}`),
    tellExit: (code) => void done.push(`exit ${code}`),
    isFirst: true,
    onSuccessor: () => false,
    ...changes,
  };
  const opened = await Service.open(parts, null);
  const successor = async (): Promise<FakeSuccessor> =>
    vi.waitFor(() => {
      const newest = successors.at(-1);
      if (newest === undefined) throw new Error('none was launched');
      return newest;
    });
  const until = (what: string): Promise<void> => vi.waitFor(() => expect(done).toContain(what));
  return { service: opened, done, signals, successors, successor, until, failures, clock };
}

describe('a change', () => {
  it('holds, hands over, and leaves; then the first process waits for the end of all, and passes signals on', async () => {
    const { service: one, done, successor, until, signals } = await service();
    one.reload();
    const next = await successor();
    await next.serve();
    await until('first leaves to /door');
    expect(done).toEqual(['first notes 1', 'first holds', 'first hands over', 'first leaves to /door']);
    one.reload();
    expect(signals).toEqual(['SIGUSR2 to 99']);
    next.lifeline.end('7\n');
    expect(await one.over).toBe(7);
  });

  it('is the last thing that a process does which was not started first', async () => {
    const { service: one, successor } = await service({ isFirst: false });
    one.reload();
    await (await successor()).serve();
    expect(await one.over).toBe(0);
  });

  it('is so too for the first where somebody watches the new process', async () => {
    const onSuccessor = vi.fn<(pid: number) => boolean>(() => true);
    const { service: one, successor } = await service({ onSuccessor });
    one.reload();
    await (await successor()).serve();
    expect(await one.over).toBe(0);
    expect(onSuccessor.mock.calls).toEqual([[99]]);
  });

  it('is made once at a time', async () => {
    const { service: one, successor, successors, failures } = await service();
    one.reload();
    await successor();
    one.reload();
    expect([successors.length, failures]).toEqual([1, ['A reload is under way already']]);
  });

  it('lets requests that wait for a lease wait for the new server', async () => {
    const { service: one, successor, until } = await service();
    one.reload();
    const next = await successor();
    await next.take();
    await until('first hands over');
    const { signal } = new AbortController();
    const lease = one.first.successor({ instance: 'chat', caller: 'a', mayStart: true, signal });
    const book = new LeaseBook({ now: () => 0 });
    const target = { port: 1, healthPath: '/', key: null };
    await next.link.serve({
      leases: book,
      acquire: async () => book.of('i', 1).grant('chat', target, { id: 'i', settings: {} }),
      record: () => undefined,
    });
    next.link.ready('/door');
    expect((await lease).target).toEqual(target);
  });
});

describe('a change that cannot be made', () => {
  it('leaves everything as it was, and can be tried again under its own number', async () => {
    const { service: one, done, successor, until } = await service();
    one.reload();
    (await successor()).link.refuse('gateway.nonsense is unknown');
    await until('first notes 1 failed: gateway.nonsense is unknown');
    expect(done.some((what) => /holds|hands over/.test(what))).toBe(false);
    await vi.waitFor(() => {
      one.reload();
      expect(done).toContain('first notes 2');
    });
  });

  it('is found out when the new process just dies', async () => {
    const { service: one, successor, until } = await service();
    one.reload();
    (await successor()).die('with code 1');
    await until('first notes 1 failed: the new process ended before it served; the log says more');
  });

  it('is given up when the new process does not come forward', async () => {
    const { service: one, successor, until, clock } = await service();
    one.reload();
    await (
      await successor()
    ).link.hello;
    await clock.advance(60_000);
    await until('first notes 1 failed: the new process was not ready within 60 seconds');
  });

  it('is taken back after the hand-over, by a server of the same process; it can be tried again', async () => {
    const { service: one, done, successor, successors, until } = await service();
    one.reload();
    const failing = await successor();
    await failing.take();
    failing.die('by SIGSEGV');
    await until('first leaves to /own-door');
    one.reload();
    await vi.waitFor(() => expect(successors).toHaveLength(2));
    await until('again notes 2');
    await successors[1]?.serve();
    await until('again leaves to /door');
    expect(done.filter((what) => what.startsWith('again'))).toEqual([
      'again notes 2',
      'again holds',
      'again hands over',
      'again leaves to /door',
    ]);
  });

  it('ends the process when nothing can be taken back', async () => {
    let starts = 0;
    const { service: one, successor } = await service({
      start: async () => {
        starts += 1;
        if (starts > 1) throw new Error('the store is of a newer version');
        return new FakeReign('first', [], 0);
      },
    });
    one.reload();
    const failing = await successor();
    await failing.take();
    failing.die('with code 1');
    expect(await one.over).toBe(1);
  });
});

describe('a data directory that takes no more', () => {
  it('fails the reload, and the server goes on', async () => {
    const { service: one, done, failures } = await service();
    vi.spyOn(one.first, 'note').mockImplementation(() => {
      throw new Error('no space left on device');
    });
    one.reload();
    await vi.waitFor(() => expect(failures).toContain('The server was not replaced, and goes on'));
    await one.close({ stopEngines: false });
    expect(done).toEqual(['first closes', 'exit 0']);
  });
});

describe('the end of the service', () => {
  it('is that of its one server', async () => {
    const { service: one, done } = await service();
    await one.close({ stopEngines: false });
    expect(done).toEqual(['first closes', 'exit 0']);
  });

  it('ends a change that has not come to the hand-over', async () => {
    const { service: one, done, successor } = await service();
    one.reload();
    await successor();
    await one.close({ stopEngines: false });
    expect(done.filter((what) => /killed|closes|holds/.test(what))).toContain('first closes');
    expect(done).not.toContain('first holds');
  });

  it('waits for a hand-over, and is passed on to whom it led', async () => {
    const { service: one, done, successor, signals, until } = await service();
    one.reload();
    const next = await successor();
    await next.take();
    await until('first hands over');
    const closed = one.close({ stopEngines: false });
    next.link.ready('/door');
    await vi.waitFor(() => expect(signals).toEqual(['SIGTERM to 99']));
    next.lifeline.end('0\n');
    await closed;
    expect(done).toContain('first cuts');
  });

  it('is passed on at a hand-over by a server that was not the first, too', async () => {
    const launched = new FakeSuccessor([]);
    const process = { ...launched.process, lifeline: null };
    const { service: one, signals, until } = await service({ isFirst: false, launch: async () => process });
    one.reload();
    await launched.take();
    await until('first hands over');
    const closed = one.close({ stopEngines: false });
    launched.link.ready('/door');
    await closed;
    expect(signals).toEqual(['SIGTERM to 99']);
  });

  it('takes nothing back when a hand-over fails meanwhile', async () => {
    const { service: one, done, successor, until } = await service();
    one.reload();
    const next = await successor();
    await next.take();
    await until('first hands over');
    const closed = one.close({ stopEngines: false });
    next.die('by SIGKILL');
    await closed;
    expect(done.some((what) => what.startsWith('again'))).toBe(false);
  });
});
