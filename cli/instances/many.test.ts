import { describe, expect, it } from 'vitest';
import { EXIT } from '../exit-status.ts';
import { commonFailure, distinct, onEach, withName, worst } from './many.ts';

describe('the name before a message', () => {
  it.each([
    ['a', 'the port is taken', 'a: the port is taken'],
    ['a', 'a port is taken', 'a: a port is taken'],
    ['model', 'the model is missing', 'model: the model is missing'],
    [
      'a',
      'there is no instance ab; to list instances: llamactl ps',
      'a: there is no instance ab; to list instances: llamactl ps',
    ],
    ['a', 'there is no instance a; did you mean b?', 'there is no instance a; did you mean b?'],
    ['a.b', 'a.b is starting; stop it first.', 'a.b is starting; stop it first.'],
  ])('%s: %s', (name, message, whole) => {
    expect(withName(name, message)).toBe(whole);
  });
});

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
