import { describe, expect, it, vi } from 'vitest';
import { activeRequest } from '../testing/active-request.ts';
import { finishedRequest } from '../testing/finished-request.ts';
import { LeaseBook } from '../instances/slots/lease-book.ts';
import { type FakeServer, type FakeSuccessor, service } from '../testing/reload-harness.ts';
import type { Service } from './service.ts';

describe('a reload', () => {
  it('holds, hands over, and leaves; then the first process waits for the last server, and passes signals on', async () => {
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

  it('ends a process that was not started first', async () => {
    const { service: one, successor } = await service({ isFirst: false });
    one.reload();
    await (await successor()).serve();
    expect(await one.over).toBe(0);
  });

  it('ends the first process too if the service manager watches the new one', async () => {
    const onSuccessor = vi.fn<(pid: number) => boolean>(() => true);
    const { service: one, successor } = await service({ onSuccessor });
    one.reload();
    await (await successor()).serve();
    expect(await one.over).toBe(0);
    expect(onSuccessor.mock.calls).toEqual([[99]]);
  });

  it('records requests that end meanwhile in the audit trail, in usage and in the list of requests', async () => {
    const { service: one, successor } = await service();
    const changes = [{ path: 'role', before: 'viewer', after: 'admin' }];
    const row = { subject: 's', address: '::1', action: 'updateUser', target: null, status: 200, requestId: 'r' };
    const entry = { ...row, changes, moreChanges: 1 };
    const request = { account: null, key: null, instance: null, outcome: 'other' as const, tokensIn: 1, tokensOut: 2 };
    const finished = finishedRequest({ id: 'a' });
    vi.spyOn(one.first, 'handOver').mockImplementation(async () => {
      one.first.record(entry);
      one.first.used(request);
      one.first.finished(finished);
    });
    one.reload();
    const next = await successor();
    await next.take();
    const recorded: unknown[] = [];
    await next.link.serve({
      leases: new LeaseBook({ elapsed: () => 0 }),
      acquire: () => Promise.reject(new Error('none')),
      record: (each) => void recorded.push(each),
      used: (each) => void recorded.push(each),
      finished: (each) => void recorded.push(each),
      onUnknown: () => undefined,
    });
    next.link.ready('/door');
    await vi.waitFor(() => expect(recorded).toEqual([entry, request, finished]));
  });

  it('ends requests in the old server whose credentials the new one rejects', async () => {
    const { service: one, successor, until } = await service();
    one.reload();
    const next = await successor();
    await next.serve();
    next.link.dead({ kind: 'account', whose: 'u1' });
    await until('first shuts out account u1');
  });

  it('does not start while another is under way', async () => {
    const { service: one, successor, successors, failures } = await service();
    one.reload();
    await successor();
    one.reload();
    const failure = 'A reload is under way already; a signal requested another one';
    expect([successors.length, failures]).toEqual([1, [failure]]);
  });

  it.each([
    [undefined, 'a signal'],
    ['user:ada', 'user:ada'],
  ])('logs who requested it, and sends that to the new process: %s', async (requestedBy, shown) => {
    const { service: one, successor, notes } = await service();
    one.reload(requestedBy);
    const { link } = await successor();
    expect(notes).toEqual([`Reload 1 begins, requested by ${shown}`]);
    expect(await link.hello).toMatchObject({ reload: 1, requestedBy: shown });
  });

  it('shows the new server which requests the old one still serves, and ends those that it names', async () => {
    const { service: one, successor, until } = await service();
    one.first.left = [activeRequest('long')];
    const { promise, resolve } = Promise.withResolvers<void>();
    one.first.lastEnd = promise;
    one.reload();
    const next = await successor();
    await next.serve();
    await vi.waitFor(() => expect(next.link.requests().map(({ id }) => id)).toEqual(['long']));
    next.link.cancelRequest('long');
    await until('first cancels long');
    resolve();
    await vi.waitFor(() => expect(next.link.requests()).toEqual([]));
  });

  it('makes requests that wait for a lease wait for the new server', async () => {
    const { service: one, successor, until } = await service();
    one.reload();
    const next = await successor();
    await next.take();
    await until('first hands over');
    const { signal } = new AbortController();
    const lease = one.first.successor({ instance: 'chat', caller: 'a', mayStart: true, signal });
    const book = new LeaseBook({ elapsed: () => 0 });
    const target = { port: 1, healthPath: '/', key: null };
    await next.link.serve({
      leases: book,
      acquire: async () => book.of('i', 1).grant('chat', target, { id: 'i', settings: {} }),
      record: () => undefined,
      used: () => undefined,
      finished: () => undefined,
      onUnknown: () => undefined,
    });
    next.link.ready('/door');
    expect((await lease).target).toEqual(target);
  });
});

describe('a reload that fails', () => {
  it('changes nothing, and the next attempt has its own number', async () => {
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

  it('is noticed when the new process just dies', async () => {
    const { service: one, successor, until } = await service();
    one.reload();
    (await successor()).die('with code 1');
    await until('first notes 1 failed: the new process ended before it served; the log says more');
  });

  it('is given up when the new process does not report in time', async () => {
    const { service: one, successor, until, clock } = await service();
    one.reload();
    await (
      await successor()
    ).link.hello;
    await clock.advance(60_000);
    await until('first notes 1 failed: the new process was not ready within 60 seconds');
  });

  it('is taken back after the hand-over by a server of the same process, and can be repeated', async () => {
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

  it('is taken back too when the old server cannot hand over', async () => {
    const { service: one, done, successor, until } = await service();
    vi.spyOn(one.first, 'handOver').mockRejectedValue(new Error('the disk is gone'));
    one.reload();
    const next = await successor();
    next.link.takeOver().catch(() => undefined);
    await vi.waitFor(() => expect(done).toContain('successor killed'));
    await until('first leaves to /own-door');
    await one.close({ stopEngines: false });
    expect(done.slice(-2)).toEqual(['again closes', 'exit 0']);
  });
});

describe('a reload that cannot be taken back, because the new server has changed the store', () => {
  it('is completed by one more new process, which gets the waiting requests', async () => {
    const { service: one, done, successors, until } = await service({}, { takesBack: false });
    await failAfterHandOver(one, successors);
    await vi.waitFor(() => expect(successors).toHaveLength(2));
    const { signal } = new AbortController();
    const lease = one.first.successor({ instance: 'chat', caller: 'a', mayStart: true, signal });
    const again = successors[1];
    await again?.take();
    const book = new LeaseBook({ elapsed: () => 0 });
    const target = { port: 1, healthPath: '/', key: null };
    await again?.link.serve({
      leases: book,
      acquire: async () => book.of('i', 1).grant('chat', target, { id: 'i', settings: {} }),
      record: () => undefined,
      used: () => undefined,
      finished: () => undefined,
      onUnknown: () => undefined,
    });
    again?.link.ready('/door');
    expect((await lease).target).toEqual(target);
    await until('first leaves to /door');
    expect(done.filter((what) => /hands over|killed/.test(what))).toEqual(['first hands over', 'successor killed']);
    again?.lifeline.end('7\n');
    expect(await one.over).toBe(7);
  });

  it('counts leases in that process that ended meanwhile', async () => {
    const { service: one, successors } = await service({}, { takesBack: false });
    const leases = one.first.book.of('i', 1);
    const first = leases.lend(() => undefined);
    leases.lend(() => undefined);
    await failAfterHandOver(one, successors);
    await vi.waitFor(() => expect(successors).toHaveLength(2));
    first();
    const uses = await successors[1]?.link.takeOver();
    expect(uses?.map(({ open }) => open)).toEqual([1]);
  });

  it('ends the process if that one cannot take over either', async () => {
    const { service: one, done, successors } = await service({}, { takesBack: false });
    await failAfterHandOver(one, successors);
    await vi.waitFor(() => expect(successors).toHaveLength(2));
    successors[1]?.link.refuse('it is broken');
    expect(await one.over).toBe(1);
    expect(successors).toHaveLength(2);
    expect(done.filter((what) => what === 'successor killed')).toHaveLength(2);
  });

  it('ends the process without another attempt if the service is ending', async () => {
    const { service: one, successors } = await service({}, { takesBack: false });
    one.reload();
    await vi.waitFor(() => expect(successors).toHaveLength(1));
    await successors[0]?.take();
    const closed = one.close({ stopEngines: false });
    successors[0]?.die('with code 1');
    await closed;
    expect([await one.over, successors.length]).toEqual([1, 1]);
  });
});

async function failAfterHandOver(one: Service<FakeServer>, successors: readonly FakeSuccessor[]): Promise<void> {
  one.reload();
  await vi.waitFor(() => expect(successors).toHaveLength(1));
  await successors[0]?.take();
  successors[0]?.die('with code 1');
}

describe('a data directory that was replaced', () => {
  it('fails the reload before a process is launched', async () => {
    const { service: one, done, successors, failures } = await service();
    vi.spyOn(one.first, 'assertKept').mockImplementation(() => {
      throw new Error('it was moved');
    });
    one.reload();
    await vi.waitFor(() => expect(failures).toContain('The reload failed; the old server continues to serve'));
    expect([done, successors]).toEqual([['first notes 1 failed: it was moved'], []]);
  });

  it('fails the reload also if it happens while the new process prepares', async () => {
    const { service: one, done, successor, failures } = await service();
    one.reload();
    const next = await successor();
    vi.spyOn(one.first, 'assertKept').mockImplementation(() => {
      throw new Error('it was moved');
    });
    next.link.takeOver().catch(() => undefined);
    await vi.waitFor(() => expect(failures).toContain('The reload failed; the old server continues to serve'));
    expect(done).toEqual(['first notes 1', 'successor killed', 'first cuts', 'first notes 1 failed: it was moved']);
  });
});

it('what the old server keeps from time to time is written before requests wait', async () => {
  const { service: one, done, successor } = await service();
  vi.spyOn(one.first, 'writeAhead').mockImplementation(async () => void done.push('first writes ahead'));
  one.reload();
  const next = await successor();
  next.link.takeOver().catch(() => undefined);
  await vi.waitFor(() => expect(done).toContain('first hands over'));
  expect(done).toEqual(['first notes 1', 'first writes ahead', 'first holds', 'first hands over']);
});

describe('a data directory on a full disk', () => {
  it('fails the reload, and the server continues', async () => {
    const { service: one, done, failures } = await service();
    vi.spyOn(one.first, 'note').mockImplementation(() => {
      throw new Error('no space left on device');
    });
    one.reload();
    await vi.waitFor(() => expect(failures).toContain('The reload failed; the old server continues to serve'));
    await one.close({ stopEngines: false });
    expect(done).toEqual(['first closes', 'exit 0']);
  });
});
