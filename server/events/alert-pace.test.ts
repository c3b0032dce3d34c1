import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { AlertPace } from './alert-pace.ts';
import { announcementOf, type AlertNews } from './announcement.ts';

const MINUTE_MS = 60_000;

describe('AlertPace', () => {
  let clock: FakeClock;
  let sent: string[];
  let pace: AlertPace;
  beforeEach(() => {
    clock = new FakeClock();
    sent = [];
    pace = new AlertPace(clock, ({ state, instance, message }) =>
      sent.push([state, instance, message].filter(Boolean).join(' ')),
    );
  });
  const handle = (state: AlertNews['state'], given: Partial<AlertNews> = {}): void =>
    pace.handle(announcementOf({ level: 'error', code: 'c', message: '', ...given, state }, '', 'box'));

  it('sends the first announcement at once, and the end after a minute', async () => {
    handle('raised');
    expect(sent).toEqual(['raised']);
    await clock.advance(1_000);
    handle('cleared');
    await clock.advance(MINUTE_MS - 1_001);
    expect(sent).toEqual(['raised']);
    await clock.advance(1);
    expect(sent).toEqual(['raised', 'cleared']);
  });

  it('sends an announcement at once when a minute has passed', async () => {
    handle('raised');
    await clock.advance(MINUTE_MS);
    handle('cleared');
    expect(sent).toEqual(['raised', 'cleared']);
  });

  it('sends a flapping alert at most once a minute, and its last state', async () => {
    for (let second = 0; second < 290; second += 1) {
      handle(second % 2 === 0 ? 'raised' : 'cleared');
      await clock.advance(1_000);
    }
    expect(sent.length).toBeLessThanOrEqual(5);
    await clock.advance(2 * MINUTE_MS);
    expect(sent.at(-1)).toBe('cleared');
  });

  it('sends nothing when an alert was cleared and raised again unchanged', async () => {
    handle('raised');
    handle('cleared');
    handle('raised');
    await clock.advance(5 * MINUTE_MS);
    expect(sent).toEqual(['raised']);
  });

  it('sends a new message of the same alert', async () => {
    handle('raised', { message: 'nearly full' });
    handle('raised', { message: 'full' });
    await clock.advance(MINUTE_MS);
    expect(sent).toEqual(['raised nearly full', 'raised full']);
  });

  it('keeps codes and instances apart', () => {
    handle('raised', { instance: 'a' });
    handle('raised', { instance: 'b' });
    handle('raised', { code: 'd', instance: 'a' });
    expect(sent).toHaveLength(3);
  });

  it('sends the last state of each alert on close, if it is new', () => {
    handle('raised', { instance: 'over' });
    handle('cleared', { instance: 'over' });
    handle('raised', { instance: 'as it was' });
    handle('cleared', { instance: 'as it was' });
    handle('raised', { instance: 'as it was' });
    handle('raised', { instance: 'quiet' });
    pace.close();
    pace.close();
    expect(sent).toEqual(['raised over', 'raised as it was', 'raised quiet', 'cleared over']);
    expect(clock.pending).toEqual([]);
  });

  it('keeps nothing about quiet alerts, nor after close', async () => {
    handle('raised');
    await clock.advance(MINUTE_MS);
    expect(clock.pending).toEqual([]);
    handle('cleared');
    handle('raised');
    pace.close();
    expect(clock.pending).toEqual([]);
  });
});
