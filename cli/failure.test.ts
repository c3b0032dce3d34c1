import { readFileSync } from 'node:fs';
import { LlamactlError } from '@llamactl/client';
import { describe, expect, it } from 'vitest';
import { failureOf } from './failure.ts';

describe('a failure', () => {
  it('names the file with which an operation of the system failed, without its code', () => {
    expect(failureOf(failureToRead('/no/such/file'), false).lines).toEqual(['/no/such/file: no such file or folder']);
  });

  it('says how to unpin an instance, if pinned instances prevent a start', () => {
    const message = 'a cannot start: every instance that would have to stop is pinned; unpin one.';
    const facts = { code: 'CAPACITY_EXCEEDED', details: '', requestId: null, problems: [], reason: undefined };
    const refusal = new LlamactlError(message, { status: 409, retryAfter: null, ...facts });
    expect(failureOf(refusal, false).lines).toEqual([
      message,
      'to see which are pinned: llamactl ps --all; to unpin one: llamactl update NAME --no-pinned',
      'to raise the limit: llamactl config set instances.max_running=NUMBER, then llamactl reload',
    ]);
  });

  it('has a line for each problem of the configuration', () => {
    const { lines, json } = failureOf(new Error('a.yaml:1: x is unknown.\na.yaml:2: y must be text.'), false);
    expect(lines).toEqual(['a.yaml:1: x is unknown.', 'a.yaml:2: y must be text.']);
    expect(json).toEqual({ error: 'a.yaml:1: x is unknown. a.yaml:2: y must be text.', code: 'FAILED' });
  });
});

function failureToRead(file: string): unknown {
  try {
    return readFileSync(file);
  } catch (error) {
    return error;
  }
}
