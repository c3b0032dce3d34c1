import { constants } from 'node:os';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exitOf, statusOf, timeOfExit } from './exit-status.ts';

test('every signal of this system is named, and its code is kept', () => {
  for (const [name, number] of Object.entries(constants.signals)) {
    const { code, signal } = exitOf(128 + number, 5);
    expect(code).toBe(128 + number);
    // some numbers have two names
    expect(constants.signals[signal as keyof typeof constants.signals]).toBe(constants.signals[name as NodeJS.Signals]);
  }
});

test('other codes name no signal', () => {
  const harmless = fc.integer({ min: 0, max: 128 });
  fc.assert(
    fc.property(harmless, (code) => {
      expect(exitOf(code, 5)).toEqual({ code, signal: null, at: 5 });
    }),
  );
  expect(exitOf(255, 5)).toEqual({ code: 255, signal: null, at: 5 });
  expect(exitOf(null, 5)).toEqual({ code: null, signal: null, at: 5 });
});

test('the time of an exit is the time of its file, unless the clock must have been set since', () => {
  expect(timeOfExit(1_000_000 - 5, 1_000_000)).toBe(1_000_000 - 5);
  expect(timeOfExit(1_000_000 + 60_001, 1_000_000)).toBe(1_000_000);
  expect(timeOfExit(1_000_000 - 60_001, 1_000_000)).toBe(1_000_000);
});

test('the end of a child as Node reports it becomes the exit status of a shell', () => {
  expect(statusOf({ code: 7, signal: null })).toBe(7);
  expect(statusOf({ code: null, signal: 'SIGKILL' })).toBe(137);
  expect(statusOf({ code: null, signal: null })).toBeNull();
});
