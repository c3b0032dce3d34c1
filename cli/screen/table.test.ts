import { describe, expect, it } from 'vitest';
import { tableLines, type Column } from './table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'NAME' },
  { title: 'PORT', align: 'right' },
  { title: 'MODEL', gives: 2, least: 8, keeps: 'end' },
  { title: 'REASON', gives: 1, least: 10 },
];
const ROWS = [
  ['llama', '8100', '/srv/models/llama-3.gguf', 'no such file: /srv/models/llama-3.gguf'],
  ['qwen-coder', '81', '/srv/models/qwen.gguf', ''],
];

describe('a table', () => {
  it('makes each column as wide as its widest cell', () => {
    expect(tableLines(COLUMNS, ROWS, Infinity)).toEqual([
      'NAME        PORT  MODEL                     REASON',
      'llama       8100  /srv/models/llama-3.gguf  no such file: /srv/models/llama-3.gguf',
      'qwen-coder    81  /srv/models/qwen.gguf',
    ]);
  });

  it('cuts shrinking columns in their order, to fit', () => {
    expect(tableLines(COLUMNS, ROWS, 60)).toEqual([
      'NAME        PORT  MODEL                     REASON',
      'llama       8100  /srv/models/llama-3.gguf  no such file: /…',
      'qwen-coder    81  /srv/models/qwen.gguf',
    ]);
    expect(tableLines(COLUMNS, ROWS, 40)).toEqual([
      'NAME        PORT  MODEL       REASON',
      'llama       8100  …ma-3.gguf  no such f…',
      'qwen-coder    81  …qwen.gguf',
    ]);
  });

  it('leaves columns out if cutting is not enough, and gives their room to others', () => {
    expect(tableLines(COLUMNS, ROWS, 28)).toEqual([
      'NAME        PORT  MODEL',
      'llama       8100  …ma-3.gguf',
      'qwen-coder    81  …qwen.gguf',
    ]);
  });

  it('never cuts fixed columns', () => {
    expect(tableLines(COLUMNS, ROWS, 5)).toEqual(['NAME        PORT', 'llama       8100', 'qwen-coder    81']);
  });

  it('never leaves out the first column, and cuts it last', () => {
    const columns: Column[] = [
      { title: 'NAME', gives: 2, least: 6 },
      { title: 'UP', gives: 1, least: Infinity },
    ];
    const rows = [['qwen-coder', '3m 5s']];
    expect(tableLines(columns, rows, 13)).toEqual(['NAME    UP', 'qwen-…  3m 5s']);
    expect(tableLines(columns, rows, 10)).toEqual(['NAME', 'qwen-coder']);
    expect(tableLines(columns, rows, 3)).toEqual(['NAME', 'qwen-…']);
  });

  it('counts terminal columns, not characters or colours', () => {
    const red = (text: string): string => `\u{1B}[31m${text}\u{1B}[39m`;
    const lines = tableLines(
      [{ title: 'A' }, { title: 'B' }],
      [
        [{ text: '模型', style: red }, 'x'],
        ['abc', 'y'],
      ],
      80,
    );
    expect(lines).toEqual(['A     B', `${red('模型')}  x`, 'abc   y']);
  });
});
