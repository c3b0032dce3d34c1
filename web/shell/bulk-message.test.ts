import { expect, it } from 'vitest';
import { sampleRow } from '../testing/sample-row.ts';
import { commandsWords } from '../words/commands.ts';
import { bulkMessage } from './bulk-message.ts';

const groups = [{ name: 'code', max_running: 2, exclusive: false, pinned: false }];
const rows = [
  sampleRow({ name: 'code-1', status: 'running', group: 'code' }),
  ...['code-2', 'code-3', 'code-4'].map((name) => sampleRow({ name, status: 'stopped', group: 'code' })),
];
const refused = ['code-2', 'code-4'].map((name) => ({ name, sentence: `${name} was not started: no slot is free.` }));
const failure = { names: ['code-2', 'code-4'], accepted: ['code-3'], total: 3, refused };
const sources = { rows, groups, words: commandsWords.en };

it('names the limit of a group that an accepted start has filled, before its row shows it', () => {
  const text = bulkMessage({ command: 'start', ...failure }, sources);
  expect(text).toContain(commandsWords.en.groupFull('code', 2));
  expect(text).not.toContain('no slot is free');
});

it('has the sentence of the server if the group has room, and for other commands', () => {
  expect(bulkMessage({ command: 'start', ...failure, accepted: [] }, sources)).toContain('no slot is free');
  expect(bulkMessage({ command: 'restart', ...failure }, sources)).toContain('no slot is free');
});
