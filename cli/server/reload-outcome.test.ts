import type { ServerDescription } from '@llamactl/server/main';
import { describe, expect, it } from 'vitest';
import { ReloadPatience, reloadOutcome, whyNot } from './reload-outcome.ts';

const OLD: ServerDescription = {
  pid: 10,
  url: 'http://127.0.0.1:8080',
  version: '1.0.0',
  started_at: '2026-01-01T00:00:00.000Z',
  reload: null,
};
const from = { pid: 10, version: '1.0.0' };
const attempt = (
  number: number,
  state: 'under_way' | 'done' | 'failed',
  reason: string | null = null,
): ServerDescription => ({
  ...OLD,
  pid: state === 'done' ? 11 : 10,
  version: state === 'done' ? '1.1.0' : '1.0.0',
  reload: { number, state, reason, from },
});

describe('whyNot', () => {
  it.each<[string, ServerDescription, string | null]>([
    ['serves', OLD, null],
    ['was reloaded before', attempt(3, 'done'), null],
    ['failed to reload before', attempt(3, 'failed', 'because'), null],
    ['is being reloaded', attempt(1, 'under_way'), 'the server (pid 10) is already being reloaded'],
    ['does not answer yet', { ...OLD, url: null }, 'the server (pid 10) is still starting'],
  ])('for a server that %s', (_what, holder, reason) => {
    expect(whyNot(holder)).toBe(reason);
  });

  it('refuses a version that the signal would end', () => {
    const { reload: _, ...older } = OLD;
    expect(whyNot(older)).toBe(
      'the server (llamactl 1.0.0, pid 10) is too old to be reloaded: stop it, and start it again',
    );
  });
});

describe('reloadOutcome', () => {
  it('looks at the requested attempt, not at an earlier one', () => {
    expect(reloadOutcome(attempt(3, 'failed', 'then'), attempt(3, 'failed', 'then'))).toEqual({ kind: 'under way' });
    expect(reloadOutcome(attempt(3, 'failed', 'then'), attempt(4, 'failed', 'now'))).toEqual({
      kind: 'failed',
      reason: 'now',
    });
  });

  it('is a new process', () => {
    expect(reloadOutcome(OLD, attempt(1, 'done'))).toEqual({ kind: 'done', pid: 11, version: '1.1.0', url: OLD.url });
  });

  it('is unknown while the reload is under way, or no server describes itself', () => {
    expect(reloadOutcome(OLD, attempt(1, 'under_way'))).toEqual({ kind: 'under way' });
    expect(reloadOutcome(OLD, null)).toEqual({ kind: 'under way' });
  });
});

describe('the outcome is waited for', () => {
  const nothing = { isHeld: false, isOldAlive: false, isDescribed: false };

  it('while a server has the data directory and describes itself', () => {
    expect(new ReloadPatience(0).look(100_000, { isHeld: true, isOldAlive: false, isDescribed: true })).toBe('waits');
  });

  it('while the old server lives, which starts the program once more where no server could take over', () => {
    expect(new ReloadPatience(0).look(100_000, { ...nothing, isOldAlive: true })).toBe('waits');
  });

  it('for three seconds without a server, as between two', () => {
    const patience = new ReloadPatience(0);
    expect([patience.look(2_999, nothing), patience.look(3_000, nothing)]).toEqual(['waits', 'gone']);
  });

  it('for three seconds of a server that nothing describes, as on a full disk', () => {
    const patience = new ReloadPatience(0);
    const undescribed = { isHeld: true, isOldAlive: true, isDescribed: false };
    expect([patience.look(2_999, undescribed), patience.look(3_000, undescribed)]).toEqual(['waits', 'silent']);
  });
});
