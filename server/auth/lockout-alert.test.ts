import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { LockoutAlert } from './lockout-alert.ts';

const MINUTE_MS = 60_000;

function made() {
  const clock = new FakeClock();
  const changes: string[] = [];
  const alert = new LockoutAlert(clock, {
    raise: ({ code, level }) => void changes.push(`${level} ${code} raised`),
    clear: (code) => void changes.push(`${code} cleared`),
  });
  return { clock, changes, alert };
}

describe('the lock-out alert', () => {
  it('is raised once for an attack, and cleared after five quiet minutes', async () => {
    const { clock, changes, alert } = made();
    for (let n = 0; n < 30; n += 1) {
      alert.note(clock.elapsed() + MINUTE_MS);
      await clock.advance(2 * MINUTE_MS);
    }
    expect(changes).toEqual(['warning login_lockout raised']);
    await clock.advance(4 * MINUTE_MS - 1);
    expect(changes.length).toBe(1);
    await clock.advance(1);
    expect(changes).toEqual(['warning login_lockout raised', 'login_lockout cleared']);
    alert.note(clock.elapsed() + MINUTE_MS);
    expect(changes.length).toBe(3);
  });

  it('leaves no timer behind', () => {
    const { clock, alert } = made();
    alert.note(clock.elapsed() + MINUTE_MS);
    alert.close();
    expect(clock.pending).toEqual([]);
  });
});
