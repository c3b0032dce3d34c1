import { describe, expect, it } from 'vitest';
import type { Row } from '../lib/live/row-store.ts';
import { wordMatches } from '../lib/word-match.ts';
import { sampleRow } from '../testing/sample-row.ts';
import { en as commands } from '../words/en/commands.ts';
import { en } from '../words/en/parts.ts';
import { en as words } from '../words/en/shell.ts';
import { instanceItems } from './palette-instances.ts';
import { paletteText } from './palette-text.ts';

const { statuses } = en;
const nothing = (): void => undefined;
const MEANS = {
  words,
  commands,
  statuses,
  actions: { start: nothing, stop: nothing, restart: nothing },
  navigate: async () => {},
};
const itemsOf = (row: Row, role: 'viewer' | 'operator' | 'admin' = 'admin') => instanceItems(row, { ...MEANS, role });
const labels = (row: Row, role?: 'viewer' | 'operator' | 'admin'): string[] =>
  itemsOf(row, role).map(({ label }) => label);

describe('the lines of an instance in the palette', () => {
  it('are the commands that it takes now', () => {
    expect(labels(sampleRow({}))).toEqual(['chat', 'Start chat', 'Logs chat', 'Edit chat']);
    expect(labels(sampleRow({ status: 'running' }))).toEqual([
      'chat',
      'Stop chat',
      'Restart chat',
      'Logs chat',
      'Edit chat',
    ]);
  });

  it('have no command that the role may not give', () => {
    expect(labels(sampleRow({}), 'operator')).toEqual(['chat', 'Start chat', 'Logs chat']);
    expect(labels(sampleRow({}), 'viewer')).toEqual(['chat', 'Logs chat']);
  });

  it('have no start for those who want to stop: the status finds the page alone', () => {
    const row = sampleRow({ group: 'coding' });
    expect(wordMatches(itemsOf(row), paletteText, 'stop coding', 9).map(({ label }) => label)).toEqual(['chat']);
    const runs = wordMatches(itemsOf({ ...row, status: 'running' }), paletteText, 'stop coding', 9);
    expect(runs.map(({ label }) => label)).toEqual(['Stop chat']);
  });

  it.each(['gpt-4o-mini', 'team', 'qwen3 q4', '8101', 'failed'])('are found by %s', (query) => {
    const row = sampleRow({ aliases: ['gpt-4o-mini'], group: 'team', status: 'failed' });
    expect(wordMatches(itemsOf(row), paletteText, query, 1).map(({ label }) => label)).toEqual(['chat']);
  });
});
