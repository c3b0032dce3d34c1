import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { LiveTable, type View } from './live-table.ts';
import { Terminal } from './terminal.ts';
import { screenAfter } from '../testing/screen.ts';

let stdout: PassThrough & { isTTY: boolean; columns: number; rows: number };
let output: string;
let view: View;
let ending: AbortController;
let table: LiveTable;

beforeEach(() => {
  stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 40, rows: 6 });
  output = '';
  stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const streams = { stdin: new PassThrough(), stdout, stderr: new PassThrough() };
  const form = { isJson: false, isQuiet: false, isNames: false, isWide: false, valueText: null };
  const terminal = new Terminal({ streams, isColoured: false, form });
  ending = new AbortController();
  table = new LiveTable(terminal, () => view, ending.signal);
});

const draw = async (lines: readonly string[], foot: readonly string[] = []): Promise<string> => {
  const before = output.length;
  view = { table: lines, foot };
  table.touch();
  await nextTurn();
  await nextTurn();
  return output.slice(before);
};

describe('a live table', () => {
  it('reuses its lines when it grows or shrinks', async () => {
    await draw(['NAME', 'a', 'b']);
    expect(screenAfter(output)).toEqual(['NAME', 'a', 'b']);
    await draw(['NAME', 'a', 'b', 'c']);
    expect(screenAfter(output)).toEqual(['NAME', 'a', 'b', 'c']);
    await draw(['NAME', 'longer']);
    expect(screenAfter(output)).toEqual(['NAME', 'longer']);
    await draw(['NAME', 'b']);
    expect(screenAfter(output)).toEqual(['NAME', 'b']);
  });

  it('writes nothing without a change, and changes in one write', async () => {
    await draw(['NAME', 'a']);
    expect(await draw(['NAME', 'a'])).toBe('');
    const chunks: string[] = [];
    stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
    await draw(['NAME', 'b']);
    expect(chunks).toHaveLength(1);
  });

  it('redraws once for all changes of a turn', async () => {
    view = { table: ['1'], foot: [] };
    table.touch();
    view = { table: ['2'], foot: [] };
    table.touch();
    await nextTurn();
    await nextTurn();
    expect(output).not.toContain('1\u{1B}');
    expect(screenAfter(output)).toEqual(['2']);
  });

  it('never has more lines than the terminal, and keeps its foot', async () => {
    await draw(['NAME', 'a', 'b', 'c', 'd', 'e', 'f'], ['foot']);
    expect(screenAfter(output)).toEqual(['NAME', 'a', 'b', '… and 4 more', 'foot']);
    await draw(['NAME', 'a', 'b', 'c'], ['foot']);
    expect(screenAfter(output)).toEqual(['NAME', 'a', 'b', 'c', 'foot']);
  });

  it('redraws over wrapped lines when the terminal is resized', async () => {
    await draw(['NAME'.padEnd(40, 'x'), 'a']);
    const before = output.length;
    stdout.columns = 20;
    view = { table: ['NAME', 'a'], foot: [] };
    stdout.emit('resize');
    await nextTurn();
    await nextTurn();
    expect(output.slice(before)).toSatisfy((text: string) => text.startsWith('\u{1B}[3A\r'));
  });

  it('clears nothing behind a full line, which would remove its last character', async () => {
    expect(await draw(['x'.repeat(40)])).toContain(`${'x'.repeat(40)}\n`);
  });

  it('shows the final state when it ends, and nothing after that', async () => {
    await draw(['NAME', 'a']);
    view = { table: ['NAME', 'b'], foot: [] };
    table.touch();
    table.end();
    view = { table: ['NAME', 'c'], foot: [] };
    table.touch();
    await nextTurn();
    await nextTurn();
    expect(screenAfter(output)).toEqual(['NAME', 'b']);
  });

  it('releases the terminal when it is aborted', () => {
    expect(stdout.listenerCount('resize')).toBe(1);
    ending.abort();
    expect(stdout.listenerCount('resize')).toBe(0);
  });
});
