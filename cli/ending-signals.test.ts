import { describe, expect, it } from 'vitest';
import { EndingSignals } from './ending-signals.ts';

describe('signals that end the server', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s alone ends it in order', (signal) => {
    expect(new EndingSignals().hear(signal, 0)).toBe('end');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('%s ends it at once when the end lasts', (signal) => {
    const signals = new EndingSignals();
    signals.hear('SIGTERM', 1_000);
    expect(signals.hear(signal, 2_000)).toBe('at once');
  });

  it('one wish may come by two ways', () => {
    const signals = new EndingSignals();
    signals.hear('SIGTERM', 1_000);
    expect(signals.hear('SIGTERM', 1_001)).toBe('the same');
  });

  it('a terminal that closes hastens nothing, however often it is told', () => {
    const signals = new EndingSignals();
    signals.hear('SIGHUP', 1_000);
    expect([signals.hear('SIGHUP', 1_001), signals.hear('SIGHUP', 9_000)]).toEqual(['the same', 'the same']);
  });
});
