import { expect, test } from 'vitest';
import { alertWords } from '../words/alerts.ts';
import { alertTitle } from './alert-title.ts';

test('an alert has a title; one that the page does not know has its code', () => {
  expect(alertTitle('instance_failed', alertWords.en)).toBe('instance failed');
  expect(alertTitle('instance_failed', alertWords.de)).toBe('Instanz gescheitert');
  expect(alertTitle('of_tomorrow', alertWords.de)).toBe('of_tomorrow');
});
