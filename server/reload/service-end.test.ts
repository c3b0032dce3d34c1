import { describe, expect, it, vi } from 'vitest';
import { FakeSuccessor, service } from '../testing/reload-harness.ts';

describe('a new server that ends unexpectedly', () => {
  it('ends the old one that still finishes requests, also if another process was started first', async () => {
    const { service: one, successor, failures, done } = await service({ isFirst: false });
    const leave = vi.spyOn(one.first, 'leave').mockReturnValue(new Promise(() => undefined));
    one.reload();
    const next = await successor();
    await next.serve();
    await vi.waitFor(() => expect(leave).toHaveBeenCalled());
    next.process.channel.destroy();
    expect(await one.over).toBe(1);
    // Short answers got their time to finish.
    expect(done).toContain('first cuts');
    expect(failures).toContain('The server that has replaced this one ended unexpectedly');
  });

  it('waits only a moment for long answers', async () => {
    const { service: one, successor, clock } = await service();
    const leave = vi.spyOn(one.first, 'leave').mockReturnValue(new Promise(() => undefined));
    const cut = vi.spyOn(one.first, 'cut').mockReturnValue(new Promise(() => undefined));
    one.reload();
    const next = await successor();
    await next.serve();
    await vi.waitFor(() => expect(leave).toHaveBeenCalled());
    next.process.channel.destroy();
    next.lifeline.end();
    await vi.waitFor(() => expect(cut).toHaveBeenCalled());
    await clock.advance(1_000);
    expect(await one.over).toBe(1);
  });

  it('aborts the requests of the first process, which stays while a third serves and ends with its status', async () => {
    const { service: one, successor, clock, done, until } = await service();
    const leave = vi.spyOn(one.first, 'leave').mockReturnValue(new Promise(() => undefined));
    const cut = vi.spyOn(one.first, 'cut').mockReturnValue(new Promise(() => undefined));
    one.reload();
    const next = await successor();
    await next.serve();
    await vi.waitFor(() => expect(leave).toHaveBeenCalled());
    next.process.channel.destroy();
    await vi.waitFor(() => expect(cut).toHaveBeenCalled());
    expect(done).not.toContain('first breaks off');
    await clock.advance(1_000);
    await until('first breaks off');
    expect(await Promise.race([one.over, Promise.resolve('it stays')])).toBe('it stays');
    // The lifeline ends only now: the third process holds its other end too.
    next.lifeline.end('0\n');
    await vi.waitFor(() => expect(cut).toHaveBeenCalledTimes(2));
    await clock.advance(1_000);
    expect(await one.over).toBe(0);
  });

  it('ends the first process too if the service manager watches another', async () => {
    const { service: one, successor } = await service({ onSuccessor: () => true });
    const leave = vi.spyOn(one.first, 'leave').mockReturnValue(new Promise(() => undefined));
    one.reload();
    const next = await successor();
    await next.serve();
    await vi.waitFor(() => expect(leave).toHaveBeenCalled());
    next.process.channel.destroy();
    expect(await one.over).toBe(1);
  });

  it('is ignored by a process that has ended it', async () => {
    const { service: one, successor, failures, done } = await service({ isFirst: false });
    vi.spyOn(one.first, 'leave').mockReturnValue(new Promise(() => undefined));
    one.reload();
    const next = await successor();
    await next.serve();
    next.die('with code 0');
    await vi.waitFor(() => expect(done).toContain('first cuts'));
    expect(failures).toEqual([]);
  });
});

describe('the end of the service', () => {
  it('ends its only server', async () => {
    const { service: one, done } = await service();
    await one.close({ stopEngines: false });
    expect(done).toEqual(['first closes', 'exit 0']);
  });

  it('cancels a reload before the hand-over', async () => {
    const { service: one, done, successor } = await service();
    one.reload();
    await successor();
    await one.close({ stopEngines: false });
    expect(done.filter((what) => /killed|closes|holds/.test(what))).toContain('first closes');
    expect(done).not.toContain('first holds');
  });

  it('does not wait for a process that is only being launched', async () => {
    const launched = Promise.withResolvers<FakeSuccessor['process']>();
    const killed: string[] = [];
    const { service: one, done } = await service({ launch: () => launched.promise });
    one.reload();
    const closed = one.close({ stopEngines: false });
    launched.resolve(new FakeSuccessor(killed).process);
    await closed;
    expect([killed, done.slice(-2)]).toEqual([['successor killed'], ['first closes', 'exit 0']]);
  });

  it('waits for a hand-over, and is passed on to the new server', async () => {
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

  it('is passed on to the new server even if no file names it, as on a full disk', async () => {
    const { service: one, successor, signals, until } = await service({ servingPid: () => null });
    one.reload();
    const next = await successor();
    await next.serve();
    await until('first leaves to /door');
    one.reload();
    const closed = one.close({ stopEngines: false });
    await vi.waitFor(() => expect(signals).toEqual(['SIGUSR2 to 99', 'SIGTERM to 99']));
    next.lifeline.end('0\n');
    await Promise.all([one.hurry('SIGINT'), closed]);
    expect(signals).toContain('SIGINT to 99');
  });

  it('kills a process that is about to take over if it is hurried', async () => {
    const { service: one, done, successor, until } = await service();
    one.reload();
    await (await successor()).take();
    await until('first hands over');
    void one.close({ stopEngines: false });
    await one.hurry('SIGINT');
    expect(done).toContain('successor killed');
  });

  it('is passed on repeatedly if it is hurried', async () => {
    const { service: one, successor, signals, until, clock } = await service();
    one.reload();
    const next = await successor();
    await next.serve();
    await until('first leaves to /door');
    const closed = one.close({ stopEngines: false });
    await vi.waitFor(() => expect(signals).toEqual(['SIGTERM to 99']));
    const hurried = one.hurry('SIGINT');
    await clock.advance(100);
    expect(signals).toEqual(['SIGTERM to 99', 'SIGINT to 99', 'SIGINT to 99']);
    next.lifeline.end();
    await Promise.all([hurried, closed]);
  });

  it('does not wait if no other process serves, nor endlessly for one that does not react', async () => {
    const { service: one, successor, signals, until, clock } = await service();
    await one.hurry('SIGTERM');
    one.reload();
    await (await successor()).serve();
    await until('first leaves to /door');
    const hurried = one.hurry('SIGTERM');
    await clock.advance(2_000);
    await hurried;
    expect(signals).toHaveLength(20);
  });

  it('is passed on at a hand-over also by a server that was not the first', async () => {
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

  it('is completed normally by the server that has taken back', async () => {
    const { service: one, done, successor, until } = await service();
    one.reload();
    const next = await successor();
    await next.take();
    await until('first hands over');
    const closed = one.close({ stopEngines: false });
    next.die('by SIGKILL');
    await closed;
    expect(done.slice(-2)).toEqual(['again closes', 'exit 0']);
  });
});
