import { expect, test } from 'vitest';
import { serverWords } from '../words/de/server.ts';
import { problemsWithin, problemText } from './problems.ts';

test('problems within a value have their paths in it', () => {
  const problems = ['groups.big.max', 'groups[1]', 'groups', 'groupsy.a', 'server.port'].map((path) => ({
    path,
    message: 'is wrong',
  }));
  expect(problemsWithin(problems, 'groups').map(({ path }) => path)).toEqual(['big.max', '[1]', '']);
  const phrase = { kind: 'required' } as const;
  expect(problemsWithin([{ path: 'groups.a', message: 'is required', phrase }], 'groups')).toEqual([
    { path: 'a', message: 'is required', phrase },
  ]);
});

test('a problem has the message of the reader’s language, if the server sends its data', () => {
  const message = 'An instance named qwen exists already; choose another name';
  const problem = { path: 'name', message, phrase: { kind: 'name_taken', data: { name: 'qwen' } } } as const;
  expect(problemText(problem, serverWords)).toBe(
    'Eine Instanz namens qwen gibt es schon; wählen Sie einen anderen Namen',
  );
  expect(problemText(problem, null)).toBe(message);
  expect(problemText({ path: 'port', message: 'must be a number' }, serverWords)).toBe('must be a number');
});

test('a problem has the words of the server too, if the sentence of the page says less', () => {
  const problem = {
    path: 'options.host',
    message: 'is set by llamactl',
    phrase: { kind: 'reserved_setting' },
  } as const;
  expect(problemText(problem, serverWords)).toBe('legt llamactl fest oder lässt es nicht zu. (is set by llamactl)');
});
