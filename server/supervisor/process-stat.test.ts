import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDead, parseStat, readStat } from './process-stat.ts';

/** A line with the fields 3 to 52; `S` and zeros where none is given. */
function line(pid: number, command: string, fields: Partial<Record<number, string | number>> = {}): string {
  const rest = Array.from({ length: 50 }, (_, index) => fields[index + 3] ?? (index === 0 ? 'S' : 0));
  return `${pid} (${command}) ${rest.join(' ')}\n`;
}

describe('a line of /proc/PID/stat', () => {
  test('is parsed by the field numbers of the manual', () => {
    const text = line(42, 'llama-server', {
      3: 'R',
      4: 1,
      5: 40,
      6: 41,
      9: 4_194_308,
      14: 7,
      15: 8,
      20: 9,
      22: 123_456,
      24: 99,
    });
    expect(parseStat(text)).toEqual({
      pid: 42,
      command: 'llama-server',
      state: 'R',
      parent: 1,
      group: 40,
      session: 41,
      isKernelThread: false,
      isLeaving: true,
      cpuTicks: 15,
      threads: 9,
      startTicks: 123_456,
      residentPages: 99,
    });
  });

  test('may contain any name: spaces, parentheses, text that looks like fields', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 15 }), fc.nat(), fc.nat(), (command, pid, startTicks) => {
        expect(parseStat(line(pid, command, { 22: startTicks }))).toMatchObject({ pid, command, startTicks });
      }),
    );
    expect(parseStat(line(1, 'a) R 1 (b', { 22: 5 }))).toMatchObject({
      command: 'a) R 1 (b',
      state: 'S',
      startTicks: 5,
    });
  });

  test('is null for any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d+ \(.*\) . /s.test(text));
        expect(parseStat(text)).toBeNull();
      }),
    );
    expect(parseStat('1 (short) S 1 2 3')).toBeNull();
  });

  test('of this process is parsed', () => {
    expect(readStat(process.pid)).toMatchObject({ pid: process.pid, parent: process.ppid });
    expect(readStat(process.pid)?.state).toMatch(/^[RS]$/);
    expect(readStat(process.pid)?.startTicks).toBeGreaterThan(0);
    expect(readStat(2 ** 30)).toBeNull();
  });
});

describe('a dead process', () => {
  const inState = (state: string, threads: number): boolean => {
    const stat = parseStat(line(1, 'x', { 3: state, 20: threads }));
    return stat !== null && isDead(stat);
  };

  test('is a zombie without other threads, reaped or not', () => {
    expect(inState('Z', 1)).toBe(true);
    expect(inState('Z', 0)).toBe(true);
    expect(inState('X', 0)).toBe(true);
  });

  test('is not a zombie with other threads, nor a process that sleeps, hangs or is stopped', () => {
    expect(inState('Z', 2)).toBe(false);
    for (const state of ['R', 'S', 'D', 'T', 't', 'I']) expect(inState(state, 1)).toBe(false);
  });
});

test('a process is leaving until it is a zombie', () => {
  expect(parseStat(line(1, 'x', { 9: 4 }))?.isLeaving).toBe(true);
  expect(parseStat(line(1, 'x', { 3: 'Z', 9: 4 }))?.isLeaving).toBe(false);
  expect(parseStat(line(1, 'x'))?.isLeaving).toBe(false);
});
