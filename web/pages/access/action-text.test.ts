import { expect, test } from 'vitest';
import { accessWords } from '../../words/access.ts';
import { actionText, personOf } from './action-text.ts';

test('an operation has words, in both languages, and one without them has those of its id', () => {
  const { en, de } = { en: accessWords.en.auditActions, de: accessWords.de.auditActions };
  expect([actionText('startInstance', en), actionText('startInstance', de)]).toEqual(['start', 'starten']);
  expect(actionText('someNewThing', en)).toBe('some new thing');
});

test('a log-in is by the user who logged in, and a refused one is anonymous', () => {
  const row = { subject: 'anonymous', action: 'loginBrowser', target: 'nora', status: 200 };
  expect(personOf(row)).toBe('user:nora');
  expect(personOf({ ...row, status: 401 })).toBe('anonymous');
  expect(personOf({ ...row, subject: 'user:ada', action: 'deleteUser' })).toBe('user:ada');
});
