import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestWindows, WINDOW_MS } from './rate-limit.ts';

const START = 1_700_000_000_123;

describe('a window', () => {
  it('begins with the first request and lasts a minute', () => {
    const windows = new RequestWindows(10);
    expect(windows.count('a', START)).toEqual({ used: 1, endsAt: START + WINDOW_MS });
    expect(windows.count('a', START + WINDOW_MS - 1)).toEqual({ used: 2, endsAt: START + WINDOW_MS });
    expect(windows.count('a', START + WINDOW_MS)).toEqual({ used: 1, endsAt: START + 2 * WINDOW_MS });
  });

  it('belongs to one subject', () => {
    const windows = new RequestWindows(10);
    windows.count('a', START);
    expect(windows.count('b', START + 5)).toEqual({ used: 1, endsAt: START + 5 + WINDOW_MS });
    expect(windows.count('a', START + 5).used).toBe(2);
  });

  it('ends when the clock jumps back before its start', () => {
    const windows = new RequestWindows(10);
    windows.count('a', START);
    const before = START - 3_600_000;
    expect(windows.count('a', before)).toEqual({ used: 1, endsAt: before + WINDOW_MS });
  });
});

describe('the number of windows', () => {
  it('is reduced by dropping ended windows', () => {
    const windows = new RequestWindows(1_000);
    for (let index = 0; index < 500; index += 1) windows.count(`old ${index}`, START);
    windows.count('new', START + WINDOW_MS);
    expect(windows.size).toBe(1);
  });

  it('is kept at the bound by dropping the window that ends first', () => {
    const windows = new RequestWindows(3);
    for (const [index, subject] of ['a', 'b', 'c', 'd'].entries()) windows.count(subject, START + index);
    expect(windows.size).toBe(3);
    expect(['b', 'c', 'd'].map((subject) => windows.count(subject, START + 9).used)).toEqual([2, 2, 2]);
    expect(windows.count('a', START + 9).used).toBe(1);
  });

  it('never exceeds the bound, and a known subject needs no new window', () => {
    const windows = new RequestWindows(100);
    windows.count('me', START);
    for (let index = 0; index < 10_000; index += 1) windows.count(`${index % 99}`, START + index);
    expect(windows.size).toBe(100);
    expect(windows.count('me', START + 10_000).used).toBe(2);
  });
});

describe('for any requests at any times', () => {
  const forwards = fc.oneof(fc.nat({ max: WINDOW_MS }), fc.constantFrom(0, WINDOW_MS - 1, WINDOW_MS));
  const backwards = fc.integer({ min: -2 * WINDOW_MS, max: 0 });
  const requestsAfter = (passed: fc.Arbitrary<number>) =>
    fc.array(fc.record({ subject: fc.constantFrom('a', 'b', 'c', 'd'), passed }), { maxLength: 60 });

  it('counts like a model that remembers every request', () => {
    fc.assert(
      fc.property(requestsAfter(forwards), (requests) => {
        const windows = new RequestWindows(4);
        const remembered = new Map<string, number[]>();
        let now = START;
        for (const { subject, passed } of requests) {
          now += passed;
          const [first = now, ...others] = remembered.get(subject) ?? [];
          const isSame = remembered.has(subject) && now - first < WINDOW_MS;
          const times = isSame ? [first, ...others, now] : [now];
          remembered.set(subject, times);
          expect(windows.count(subject, now).used).toBe(times.length);
        }
      }),
    );
  });

  it('no subject waits longer than a minute, and the bound holds', () => {
    const anyRequests = requestsAfter(fc.oneof(forwards, backwards));
    fc.assert(
      fc.property(anyRequests, fc.integer({ min: 1, max: 4 }), (requests, mostSubjects) => {
        const windows = new RequestWindows(mostSubjects);
        let now = START;
        for (const { subject, passed } of requests) {
          now += passed;
          const { endsAt } = windows.count(subject, now);
          expect(endsAt).toBeGreaterThan(now);
          expect(endsAt).toBeLessThanOrEqual(now + WINDOW_MS);
          expect(windows.size).toBeLessThanOrEqual(mostSubjects);
        }
      }),
    );
  });
});
