import { describe, expect, it } from 'vitest';
import { refusalText } from './refusal-text.ts';

describe('the text of a refused start', () => {
  it.each([
    ['chat cannot start: it needs 5.00 GiB of ram.', 'it needs 5.00 GiB of ram'],
    // After a rename the message has the name of before.
    ['Chat-2.old cannot start: no slot is free.', 'no slot is free'],
    ['Chat-2.old was not started: its group big is full.', 'its group big is full'],
    ['Chat was not started: no slot is free (`max_running` is 1).', 'no slot is free (max_running is 1)'],
    ['the model file /m/a.gguf does not exist', 'the model file /m/a.gguf does not exist'],
    ['Port 8100 is in use by nginx; it cannot start: end it.', 'Port 8100 is in use by nginx; it cannot start: end it'],
  ])('of %j is %j', (message, text) => {
    expect(refusalText(message)).toBe(text);
  });
});
