import { LlamactlError } from '@llamactl/client';
import { afterEach, expect, test } from 'vitest';
import { serverWords } from '../words/de/server.ts';
import { errorText, plainErrorText } from './error-text.ts';
import { language } from './language.ts';
import { setServerWords } from './server-words.ts';
import { UnreadableAnswer } from './unreadable-answer.ts';

afterEach(() => {
  language.set('en');
  setServerWords(null);
});

test('an answer that lacks a field is an error in the language of the reader', () => {
  const error = new UnreadableAnswer('embedding');
  expect(errorText(error)).toEqual({ kind: 'error', sentence: error.message, words: null, requestId: null });
  language.set('de');
  expect(errorText(error).sentence).toBe('In der Antwort der Engine fehlt `embedding`.');
});

function refusal(code: string, message: string): LlamactlError {
  return new LlamactlError(message, {
    status: 409,
    code,
    details: '',
    requestId: 'r-1',
    problems: [],
    reason: undefined,
    retryAfter: null,
  });
}

test('a refusal is a German sentence, then the words of the server unless the sentence says all', () => {
  const taken = refusal('INSTANCE_EXISTS', 'An instance named qwen exists already.');
  expect(errorText(taken)).toMatchObject({ sentence: taken.message, words: null });
  setServerWords(serverWords);
  expect(errorText(taken)).toMatchObject({
    sentence: 'Eine andere Instanz hat diesen Namen schon.',
    words: taken.message,
  });
  expect(plainErrorText(taken)).toBe(`Eine andere Instanz hat diesen Namen schon. ${taken.message}`);
  expect(errorText(refusal('INVALID_CREDENTIALS', 'Wrong.'))).toMatchObject({
    sentence: 'Name oder Passwort ist falsch.',
    words: null,
  });
  expect(errorText(refusal('OF_TOMORROW', 'New.'))).toMatchObject({ sentence: 'New.', words: null });
});
