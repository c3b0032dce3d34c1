import { describe, expect, it } from 'vitest';
import { sampleRow } from '../testing/sample-row.ts';
import { en as commands } from '../words/en/commands.ts';
import { en as words } from '../words/en/shell.ts';
import { groupItems } from './palette-groups.ts';

const ROWS = [
  sampleRow({ name: 'one', group: 'big', status: 'running' }),
  sampleRow({ name: 'two', group: 'big', status: 'stopped' }),
  sampleRow({ name: 'three', group: 'big', status: 'failed' }),
  sampleRow({ name: 'four', group: 'small', status: 'stopped' }),
  sampleRow({ name: 'alone' }),
];

function itemsFor(role: 'viewer' | 'operator') {
  const sent: string[] = [];
  const record = (command: string) => (names: readonly string[]) => void sent.push([command, ...names].join(' '));
  const [start, stop] = [record('start'), record('stop')];
  const actions = { start: (...names: string[]) => start(names), stop: (...names: string[]) => stop(names) };
  const items = groupItems(ROWS, { role, words, commands, actions, navigate: async () => {} });
  return { items, labels: items.map(({ label }) => label), sent };
}

describe('the lines of groups in the palette', () => {
  it('are each group, and the commands that its members take now', () => {
    const { labels } = itemsFor('operator');
    expect(labels).toEqual([
      'big',
      'Start all of group big',
      'Stop all of group big',
      'small',
      'Start all of group small',
    ]);
  });

  it('send a command to those members that take it', () => {
    const { items, sent } = itemsFor('operator');
    for (const { id, run } of items) if (!id.startsWith('group ')) run();
    expect(sent).toEqual(['start two three', 'stop one', 'start four']);
  });

  it('have no command for a viewer', () => {
    expect(itemsFor('viewer').labels).toEqual(['big', 'small']);
  });
});
