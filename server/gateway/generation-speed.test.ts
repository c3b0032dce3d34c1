import type { RequestFigures } from '@llamactl/contract/requests';
import { beforeEach, describe, expect, it } from 'vitest';
import { GenerationSpeeds } from './usage.ts';

let speeds: GenerationSpeeds;
beforeEach(() => {
  speeds = new GenerationSpeeds();
});

/** Measures a request that waited for 1 s and was at its engine for `seconds`. */
function measure(seconds: number, changes: Partial<RequestFigures>): void {
  speeds.measure({
    instance: 'a',
    door: 'v1',
    outcome: 'ok',
    duration: 1 + seconds,
    waited: 1,
    time_to_first_token: null,
    tokens_in: null,
    tokens_out: null,
    tokens_per_second: null,
    bytes_out: 0,
    ...changes,
  });
}

describe('the speed of an instance', () => {
  it('is an assumed value before the first answer', () => {
    measure(10, { tokens_out: null });
    measure(10, { tokens_out: 0 });
    measure(10, { tokens_out: 15 });
    measure(10, { tokens_out: 50, waited: null });
    measure(10, { tokens_out: 50, instance: 'b' });
    expect(speeds.of('a')).toBe(100);
  });

  it('is the speed of its fastest answer, which slow answers do not lower', () => {
    measure(10, { tokens_out: 400 });
    measure(10, { tokens_out: 300, outcome: 'aborted' });
    for (let count = 0; count < 200; count += 1) measure(60, { tokens_out: 1 });
    expect(speeds.of('a')).toBe(40);
  });

  it('is not measured from an answer that took less than half a second', () => {
    measure(0.01, { tokens_out: 5_000 });
    expect(speeds.of('a')).toBe(100);
  });

  it('follows the instance to its new name', () => {
    measure(10, { tokens_out: 400 });
    speeds.rename('a', 'b');
    expect([speeds.of('a'), speeds.of('b')]).toEqual([100, 40]);
  });

  it('is forgotten together with the instance', () => {
    measure(10, { tokens_out: 400 });
    speeds.forget('a');
    expect(speeds.of('a')).toBe(100);
  });
});
