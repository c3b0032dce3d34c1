import { describe, expect, it } from 'vitest';
import { TokenSource, type TokenAnswer } from './token-source.ts';

const START = Date.parse('2026-11-30T12:00:00Z');

/** A source whose server gives these answers in turn, and a clock that the test sets. */
function sourceWith(answers: readonly TokenAnswer[]) {
  const left = [...answers];
  const world = { now: START, fetches: 0, logIns: 0 };
  const source = new TokenSource({
    fetchToken: async () => {
      world.fetches += 1;
      return left.shift() ?? 'logged out';
    },
    logInAgain: async () => {
      world.logIns += 1;
    },
    now: () => world.now,
  });
  return { source, world };
}

const token = (name: string, minutes: number): TokenAnswer => ({
  token: name,
  expires_at: new Date(START + minutes * 60_000).toISOString(),
});

describe('the short token of a tab', () => {
  it('is fetched once for all requests that wait', async () => {
    const { source, world } = sourceWith([token('a', 15)]);
    expect(await Promise.all([source.get(), source.get(), source.get()])).toEqual(['a', 'a', 'a']);
    expect(world.fetches).toBe(1);
  });

  it('is renewed a minute before its end', async () => {
    const { source, world } = sourceWith([token('a', 15), token('b', 30)]);
    await source.get();
    world.now = START + 13.9 * 60_000;
    expect(await source.get()).toBe('a');
    world.now = START + 14 * 60_000;
    expect(await source.get()).toBe('b');
  });

  it('is fetched again after the server refused it, but not because of an older one', async () => {
    const { source, world } = sourceWith([token('a', 15), token('b', 15)]);
    await source.get();
    source.refused('a');
    expect(await source.get()).toBe('b');
    source.refused('a');
    expect(await source.get()).toBe('b');
    expect(world.fetches).toBe(2);
  });

  it('waits for the log-in when the cookie is gone', async () => {
    const { source, world } = sourceWith(['logged out', token('a', 15)]);
    expect(await source.get()).toBe('a');
    expect(world.logIns).toBe(1);
  });

  it('is null while accounts are off', async () => {
    const { source, world } = sourceWith(['accounts off']);
    expect(await source.get()).toBe(null);
    expect(await source.get()).toBe(null);
    expect(world.fetches).toBe(1);
  });

  it('is fetched after accounts were turned on, when the server refuses a request without one', async () => {
    const { source } = sourceWith(['accounts off', token('a', 15)]);
    await source.get();
    source.refused(null);
    expect(await source.get()).toBe('a');
  });

  it('is used for a minute by a device whose clock is an hour ahead', async () => {
    const { source, world } = sourceWith([token('a', 15), token('b', 15)]);
    world.now = START + 3_600_000;
    await source.get();
    world.now += 59_000;
    expect(await source.get()).toBe('a');
    world.now += 1_000;
    expect(await source.get()).toBe('b');
  });

  it('gives an error of the connection to all that wait, and tries again later', async () => {
    let isDown = true;
    const source = new TokenSource({
      fetchToken: async () => {
        if (isDown) throw new Error('down');
        return token('a', 15);
      },
      logInAgain: async () => undefined,
      now: () => START,
    });
    await expect(source.get()).rejects.toThrow('down');
    isDown = false;
    expect(await source.get()).toBe('a');
  });
});
