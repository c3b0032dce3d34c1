import type { LogEntry } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { lastWords, momentOf, outputLine } from './engine-output.ts';
import { Style } from './screen/style.ts';

const ENTRY: LogEntry = { timestamp: '2026-03-01T12:00:00.123Z', level: 'info', message: 'model\tloaded', seq: 7 };
const BARE = { style: new Style(false), timestamps: false, isForTerminal: false };

describe('lastWords', () => {
  const WRONG = [
    'error: argument --tensor-split: not a number',
    '',
    '',
    'usage:',
    '-ts, --tensor-split N0,N1',
    ' ',
    'to show complete usage, run with -h',
  ];

  it('leave out the usage that follows a wrong argument, and blank lines', () => {
    expect(lastWords(WRONG, 8)).toEqual(['error: argument --tensor-split: not a number']);
    expect(lastWords(['error: invalid argument: --x', 'to show complete usage, run with -h'], 8)).toHaveLength(1);
  });

  it('are the last lines of other output', () => {
    expect(lastWords(['a', '', 'b', 'c'], 2)).toEqual(['b', 'c']);
  });
});

describe('outputLine', () => {
  it('prints the line of the engine', () => {
    expect(outputLine(ENTRY, BARE, null)).toBe('model\tloaded');
  });

  it('removes control characters for a terminal', () => {
    const entry = { ...ENTRY, message: 'a\u{1B}[2Jb\u{7}' };
    expect(outputLine(entry, { ...BARE, isForTerminal: true }, null)).toBe('ab');
  });

  it('begins with the time if requested, and the name if there are several instances', () => {
    const form = { ...BARE, timestamps: true };
    expect(outputLine(ENTRY, form, { name: 'llama', width: 7, index: 0 })).toBe(
      'llama   | 2026-03-01T12:00:00.123Z model\tloaded',
    );
  });

  it('has the colour of its level', () => {
    const form = { ...BARE, style: new Style(true) };
    const shown = (['debug', 'info', 'warn', 'error'] as const).map((level) =>
      outputLine({ ...ENTRY, level, message: 'x' }, form, null),
    );
    expect(shown).toEqual(['\u{1B}[2mx\u{1B}[22m', 'x', '\u{1B}[33mx\u{1B}[39m', '\u{1B}[31mx\u{1B}[39m']);
  });
});

describe('momentOf', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');

  it.each([
    ['90', '2026-03-01T11:58:30Z'],
    ['10m', '2026-03-01T11:50:00Z'],
    ['2h', '2026-03-01T10:00:00Z'],
    ['1d', '2026-02-28T12:00:00Z'],
    ['2026-02-01T00:00:00Z', '2026-02-01T00:00:00Z'],
    ['2026-02-01T00:00:00+01:00', '2026-01-31T23:00:00Z'],
  ])('%s is %s', (text, moment) => {
    expect(momentOf(text, now)).toBe(Date.parse(moment));
  });

  it.each(['', 'yesterday', '10x', '-5m', '12:00', '2026-13-01'])('refuses %j', (text) => {
    expect(momentOf(text, now)).toBe(null);
  });
});
