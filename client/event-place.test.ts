import { describe, expect, it } from 'vitest';
import { EventPlace } from './event-place.ts';
import type { Frame } from './models.ts';

const T = (second: number): string => `2026-03-01T12:00:0${second}.000Z`;
const status = (seq: number, second = 0, name = 'a'): Frame => ({
  type: 'instance_status_changed',
  timestamp: T(second),
  seq,
  data: { name, status: 'running', previous_status: 'starting' },
});
const stats = (seq: number, second = 0): Frame =>
  ({ type: 'instance_stats_updated', timestamp: T(second), seq, data: { name: 'a', stats: {} } }) as Frame;
const alert = (seq: number, instance?: string): Frame => ({
  type: 'system_alert',
  timestamp: T(0),
  seq,
  data: { level: 'warning', code: 'x', message: 'x', state: 'raised', ...(instance === undefined ? {} : { instance }) },
});
const gap = (to: number, last = to): Frame => ({
  type: 'gap',
  timestamp: T(0),
  seq: to,
  data: { from_seq: 2, to_seq: to, last_seq: last },
});
const decision = (seq: number, instance?: string): Frame => ({
  type: 'decision',
  timestamp: T(0),
  seq,
  data: { decision: 'eviction', message: 'x', inputs: {}, ...(instance === undefined ? {} : { instance }) },
});
const all = { instances: undefined, types: undefined };

describe('position in the events', () => {
  it('is the last event, whether it passes the filter or not', () => {
    const place = new EventPlace({ instances: ['b'], types: undefined }, 5);
    expect(place.afterSeq).toBe(5);
    expect(place.take(status(6))).toBe(false);
    expect(place.afterSeq).toBe(6);
    expect(place.take(gap(9))).toBe(true);
    expect(place.afterSeq).toBe(9);
  });

  it('lets no event through twice, except stats, which repeat the number of the event before them', () => {
    const place = new EventPlace(all, 5);
    const frames = [status(5), status(6), status(6), stats(6), stats(6), status(7)];
    expect(frames.map((frame) => place.take(frame))).toEqual([false, true, false, true, true, true]);
  });

  it('lets decisions through, which repeat the number of the event before them', () => {
    const place = new EventPlace({ instances: ['b'], types: ['decision'] }, 5);
    // The server sends only those that concern a wanted instance.
    expect([decision(5, 'a'), decision(5, 'b'), decision(5)].map((frame) => place.take(frame))).toEqual([
      true,
      true,
      true,
    ]);
    expect(place.afterSeq).toBe(5);
    expect(new EventPlace({ instances: undefined, types: ['system_alert'] }, 5).take(decision(5))).toBe(false);
  });

  it('starts now by default: the first gap only sets the position', () => {
    const place = new EventPlace(all, null);
    expect(place.afterSeq).toBe(1);
    // The clock of the server was set back, so its timestamps do not help.
    const past = [gap(99, 101), status(100, 9), status(101, 8)];
    expect(past.map((frame) => place.take(frame))).toEqual([false, false, false]);
    expect(place.take(stats(101))).toBe(true);
    expect(place.afterSeq).toBe(101);
    const present = [status(102, 5), status(103, 3), gap(110)];
    expect(present.map((frame) => place.take(frame))).toEqual([true, true, true]);
  });

  it('starts now if no event exists', () => {
    const place = new EventPlace(all, null);
    expect(place.take(status(7))).toBe(true);
    expect(place.afterSeq).toBe(7);
  });

  it('takes all events after a silent connection if none existed before', () => {
    const place = new EventPlace(all, null);
    place.waited();
    expect(place.afterSeq).toBe(0);
    expect([status(7), gap(9)].map((frame) => place.take(frame))).toEqual([true, true]);
    const other = new EventPlace(all, 5);
    other.waited();
    expect(other.afterSeq).toBe(5);
  });

  it('filters events that the server sends before it gets the subscription', () => {
    const place = new EventPlace({ instances: ['Mine'], types: ['instance_status_changed', 'system_alert'] }, 0);
    const frames = [status(1), status(2, 0, 'mINE'), stats(2), alert(3), alert(4, 'a'), alert(5, 'mine'), gap(6)];
    expect(frames.map((frame) => place.take(frame))).toEqual([false, true, false, true, false, true, true]);
  });
});
