import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { AlertPace } from './alert-pace.ts';
import { announcementOf, type AlertNews } from './announcement.ts';

const MINUTE_MS = 60_000;

describe('the pace of one alert', () => {
  let clock: FakeClock;
  let told: string[];
  let pace: AlertPace;
  beforeEach(() => {
    clock = new FakeClock();
    told = [];
    pace = new AlertPace(clock, ({ state, instance, message }) =>
      told.push([state, instance, message].filter(Boolean).join(' ')),
    );
  });
  const hear = (state: AlertNews['state'], given: Partial<AlertNews> = {}): void =>
    pace.hear(announcementOf({ level: 'error', code: 'c', message: '', ...given, state }, '', 'box'));

  it('tells the first at once, and the end after a minute', async () => {
    hear('raised');
    expect(told).toEqual(['raised']);
    await clock.advance(1_000);
    hear('cleared');
    await clock.advance(MINUTE_MS - 1_001);
    expect(told).toEqual(['raised']);
    await clock.advance(1);
    expect(told).toEqual(['raised', 'cleared']);
  });

  it('tells at once what comes later than that', async () => {
    hear('raised');
    await clock.advance(MINUTE_MS);
    hear('cleared');
    expect(told).toEqual(['raised', 'cleared']);
  });

  it('is at most once a minute however it flaps, and ends with the last word', async () => {
    for (let second = 0; second < 290; second += 1) {
      hear(second % 2 === 0 ? 'raised' : 'cleared');
      await clock.advance(1_000);
    }
    expect(told.length).toBeLessThanOrEqual(5);
    await clock.advance(2 * MINUTE_MS);
    expect(told.at(-1)).toBe('cleared');
  });

  it('tells nothing twice when it came and went and is as it was', async () => {
    hear('raised');
    hear('cleared');
    hear('raised');
    await clock.advance(5 * MINUTE_MS);
    expect(told).toEqual(['raised']);
  });

  it('tells another message of the same alert', async () => {
    hear('raised', { message: 'nearly full' });
    hear('raised', { message: 'full' });
    await clock.advance(MINUTE_MS);
    expect(told).toEqual(['raised nearly full', 'raised full']);
  });

  it('of one alert is nothing to another code or instance', () => {
    hear('raised', { instance: 'a' });
    hear('raised', { instance: 'b' });
    hear('raised', { code: 'd', instance: 'a' });
    expect(told).toHaveLength(3);
  });

  it('tells at its end where all ended, if that is news', () => {
    hear('raised', { instance: 'over' });
    hear('cleared', { instance: 'over' });
    hear('raised', { instance: 'as it was' });
    hear('cleared', { instance: 'as it was' });
    hear('raised', { instance: 'as it was' });
    hear('raised', { instance: 'quiet' });
    pace.close();
    pace.close();
    expect(told).toEqual(['raised over', 'raised as it was', 'raised quiet', 'cleared over']);
    expect(clock.pending).toEqual([]);
  });

  it('keeps nothing of alerts that are quiet, nor after its end', async () => {
    hear('raised');
    await clock.advance(MINUTE_MS);
    expect(clock.pending).toEqual([]);
    hear('cleared');
    hear('raised');
    pace.close();
    expect(clock.pending).toEqual([]);
  });
});
