import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANCE, cheapDerive, codeOf } from '../testing/auth-harness.ts';
import { formatPasswordHash, parsePasswordHash, Passwords, type Derive } from './passwords.ts';

const cheap = (): Passwords => new Passwords({ randomness: CHANCE, derive: cheapDerive });

/** Passwords whose hashing ends when the test decides. */
function held(): { passwords: Passwords; running: (() => void)[] } {
  const running: (() => void)[] = [];
  const derive: Derive = async (...given) => {
    await new Promise<void>((resolve) => void running.push(resolve));
    return cheapDerive(...given);
  };
  return { passwords: new Passwords({ randomness: CHANCE, derive }), running };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('a hashed password', () => {
  it('is argon2id with 19 MiB and two passes, as a PHC string', async () => {
    const passwords = new Passwords({ randomness: CHANCE });
    const hash = await passwords.hash('correct horse');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(await passwords.verify('correct horse', hash)).toBe(true);
    expect(await passwords.verify('wrong horse', hash)).toBe(false);
  });

  // From the tests of the reference implementation.
  it('is verified when another program made it', async () => {
    const hash = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4';
    const passwords = new Passwords({ randomness: CHANCE });
    expect(await passwords.verify('password', hash)).toBe(true);
    expect(await passwords.verify('Password', hash)).toBe(false);
    expect(passwords.isOutdated(hash)).toBe(true);
  });

  it('has its own salt', async () => {
    expect(await cheap().hash('same')).not.toBe(await cheap().hash('same'));
  });

  it('is outdated when its cost is lower than the current one', async () => {
    const hash = await cheap().hash('a password');
    const dearer = new Passwords({
      randomness: CHANCE,
      derive: cheapDerive,
      cost: { memory: 65_536, passes: 3, lanes: 1 },
    });
    expect([cheap().isOutdated(hash), dearer.isOutdated(hash)]).toEqual([false, true]);
    expect(await dearer.verify('a password', hash)).toBe(true);
    expect(dearer.isOutdated(await dearer.hash('a password'))).toBe(false);
  });

  it('is the same for composed and decomposed letters', async () => {
    const passwords = cheap();
    expect(await passwords.verify('Zoe\u0308', await passwords.hash('Zo\u00eb'))).toBe(true);
  });

  it('of an unknown account matches no password', async () => {
    expect(await cheap().verify('', null)).toBe(false);
    // Not even when the random hash equals the hash of a real password.
    const unlucky = new Passwords({
      randomness: { token: (bytes) => '00'.repeat(bytes) },
      derive: async (_password, _salt, length) => Buffer.alloc(length),
    });
    expect(await unlucky.verify('', null)).toBe(false);
  });

  it.each(['', 'plain text', '$argon2i$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'])(
    'that is malformed throws an error that does not show it: %j',
    async (hash) => {
      const fault = await cheap()
        .verify('x', hash)
        .catch((error: unknown) => error);
      expect(fault).toEqual(new Error('A stored password hash cannot be read.'));
    },
  );

  it('survives being formatted and parsed', () => {
    const bytes = (minLength: number): fc.Arbitrary<Buffer> =>
      fc.uint8Array({ minLength, maxLength: 64 }).map((array) => Buffer.from(array));
    const cost = fc.record({
      memory: fc.integer({ min: 8, max: 4_000_000 }),
      passes: fc.integer({ min: 1, max: 99 }),
      lanes: fc.integer({ min: 1, max: 99 }),
    });
    fc.assert(
      fc.property(cost, bytes(8), bytes(16), (cost, salt, hash) => {
        expect(parsePasswordHash(formatPasswordHash({ cost, salt, hash }))).toEqual({ cost, salt, hash });
      }),
    );
  });
});

describe('hashing', () => {
  it('runs two at a time, in the order of the requests', async () => {
    const { passwords, running } = held();
    const done: number[] = [];
    const all = Promise.all([1, 2, 3, 4].map((n) => passwords.hash(String(n)).then(() => done.push(n))));
    await turn();
    expect(running.length).toBe(2);
    running[0]?.();
    await turn();
    expect([done, running.length]).toEqual([[1], 3]);
    for (const end of running) end();
    await turn();
    running[3]?.();
    await all;
    expect(done).toEqual([1, 2, 3, 4]);
  });

  it('is refused when sixteen wait already, and accepted again afterwards', async () => {
    const { passwords, running } = held();
    const waiting = Array.from({ length: 18 }, () => passwords.hash('x'));
    const refusal: unknown = await passwords.verify('x', null).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'RATE_LIMITED', status: 429, extras: { headers: { 'retry-after': '1' } } });
    for (let index = 0; index < 18; index += 1) {
      await turn();
      running[index]?.();
    }
    await Promise.all(waiting);
    const next = codeOf(() => passwords.verify('x', null));
    await turn();
    running[18]?.();
    expect(await next).toBe(false);
  });

  it('continues after a failed hash', async () => {
    const fault = new Error('Out of memory.');
    let calls = 0;
    const derive: Derive = async (...given) => {
      calls += 1;
      if (calls <= 2) throw fault;
      return cheapDerive(...given);
    };
    const passwords = new Passwords({ randomness: CHANCE, derive });
    const results = await Promise.allSettled([1, 2, 3].map((n) => passwords.hash(String(n))));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled']);
  });
});
