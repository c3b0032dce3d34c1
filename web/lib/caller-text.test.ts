import { expect, test } from 'vitest';
import { callerId, callerText } from './caller-text.ts';

test('a key is shown by its name', () => {
  expect(['key:257a09d2 (my (old) editor)', 'user:ada', 'anonymous'].map(callerText)).toEqual([
    'key:my (old) editor',
    'user:ada',
    'anonymous',
  ]);
});

test('an address is shown as it is', () => {
  expect(['address:192.0.2.7', 'address:2001:db8:0:0::/64', 'address:192.0.2.7 (llk_3RCRoi…)'].map(callerText)).toEqual(
    ['192.0.2.7', '2001:db8:0:0::/64', '192.0.2.7 (llk_3RCRoi…)'],
  );
});

test('filters name a key by its id', () => {
  expect(['key:257a09d2 (my (old) editor)', 'user:ada'].map(callerId)).toEqual(['key:257a09d2', 'user:ada']);
});
