import { afterEach, expect, test } from 'vitest';
import { errorText } from './error-text.ts';
import { language } from './language.ts';
import { UnreadableAnswer } from './unreadable-answer.ts';

afterEach(() => language.set('en'));

test('an answer that lacks a field is an error in the language of the reader', () => {
  const error = new UnreadableAnswer('embedding');
  expect(errorText(error)).toEqual({ kind: 'error', sentence: error.message, words: null, requestId: null });
  language.set('de');
  expect(errorText(error).sentence).toBe('In der Antwort der Engine fehlt `embedding`.');
});
