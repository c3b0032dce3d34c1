import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { failureOf } from './failure.ts';

describe('a failure', () => {
  it('names the file with which an operation of the system failed, without its code', () => {
    expect(failureOf(failureToRead('/no/such/file'), false).lines).toEqual(['/no/such/file: no such file or folder']);
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
