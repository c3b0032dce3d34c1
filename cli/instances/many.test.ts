import { describe, expect, it } from 'vitest';
import { EXIT } from '../exit-status.ts';
import { commonFailure, distinct, onEach, worst } from './many.ts';

describe('several names', () => {
  it('are processed in parallel, and a failure does not stop the others', async () => {
    const begun: string[] = [];
    const outcomes = await onEach(['a', 'b', 'c'], async (name) => {
      begun.push(name);
      if (name === 'a') throw new Error('no');
      return name.toUpperCase();
    });
    expect(begun).toEqual(['a', 'b', 'c']);
    expect(outcomes).toEqual([
      { name: 'a', error: new Error('no') },
      { name: 'b', value: 'B' },
      { name: 'c', value: 'C' },
    ]);
  });

  it('may all fail with the same error', () => {
    const away = { name: 'a', error: new Error('no answer') };
    expect(commonFailure([away, { name: 'b', error: new Error('no answer') }])).toBe(away);
    expect(commonFailure([away, { name: 'b', error: new Error('something else') }])).toBe(null);
    expect(commonFailure([away, { name: 'b', value: 1 }])).toBe(null);
    expect(commonFailure([{ name: 'b', value: 1 }])).toBe(null);
    expect(commonFailure([])).toBe(null);
  });

  it('are deduplicated without case, in order', () => {
    expect(distinct(['b', 'A', 'a', 'c', 'B'])).toEqual(['b', 'A', 'c']);
  });

  it('exit with the worst status', () => {
    expect(worst([])).toBe(EXIT.ok);
    expect(worst([EXIT.ok, EXIT.notFound])).toBe(EXIT.notFound);
    expect(worst([EXIT.startFailed, EXIT.notFound, EXIT.failed])).toBe(EXIT.startFailed);
    expect(worst([EXIT.notAllowed, EXIT.unreachable, EXIT.ok])).toBe(EXIT.unreachable);
  });
});
