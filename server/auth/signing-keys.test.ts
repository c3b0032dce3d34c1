import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { SigningKeys } from './signing-keys.ts';

it('a key that cannot be stored on a full disk signs until the server ends, and the error is reported', async () => {
  const faults: unknown[] = [];
  const full = new Error('the disk is full');
  const keys = await SigningKeys.open({
    store: { saveSigningKey: () => Promise.reject(full) },
    clock: new FakeClock(),
    randomness: { token: (bytes) => 'a1'.repeat(bytes) },
    stored: [],
    tokenLifetime: 1_000,
    onFault: (error) => faults.push(error),
  });
  expect(keys.find(keys.newest.id)).toBe(keys.newest.key);
  expect(faults).toEqual([full]);
});
