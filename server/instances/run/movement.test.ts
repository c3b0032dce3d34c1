import { describe, expect, it } from 'vitest';
import type { Progress } from '../ports/runs.ts';
import { movementOf, type Look } from './hang-watch.ts';

const PROGRESS: Progress = { logBytes: 100, memoryBytes: 1_000, cpuTicks: 500, readBytes: 10 };

function look(seconds: number, progress: Partial<Progress> | null = {}, answered = 7): Look {
  return { at: seconds * 1_000, progress: progress === null ? null : { ...PROGRESS, ...progress }, answered };
}

describe('movementOf', () => {
  it.each([
    ['a token passed', look(10, {}, 8), 'work'],
    ['it wrote', look(10, { logBytes: 101 }), 'work'],
    ['it read', look(10, { readBytes: 11 }), 'work'],
    ['it computed', look(10, { cpuTicks: 700 }), 'only CPU time'],
    ['the ticks dropped with an ended worker', look(10, { cpuTicks: 100 }), 'only CPU time'],
    ['it woke up now and then', look(10, { cpuTicks: 510 }), 'nothing'],
    ['its processes cannot be measured', look(10, { isBlind: true }), 'only CPU time'],
    ['memory was freed', look(10, { memoryBytes: 500 }), 'nothing'],
    ['it can no longer be measured', look(10, null), 'nothing'],
  ] as const)('%s', (_what, after, expected) => {
    expect(movementOf(look(0), after)).toBe(expected);
  });

  it('is work without an earlier measurement', () => {
    expect(movementOf(look(0, null), look(10))).toBe('work');
  });

  it('depends on the rate: the same ticks in less time count as CPU time', () => {
    expect(movementOf(look(0), look(2, { cpuTicks: 510 }))).toBe('only CPU time');
  });
});
