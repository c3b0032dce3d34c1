import { describe, expect, it } from 'vitest';
import { EndingSignals } from './end-on-signal.ts';

describe('signals that end the server', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s once ends it in order', (signal) => {
    expect(new EndingSignals().hear(signal, 0)).toBe('end');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('%s again ends it at once if the end takes long', (signal) => {
    const signals = new EndingSignals();
    signals.hear('SIGTERM', 1_000);
    expect(signals.hear(signal, 2_000)).toBe('at once');
  });

  it('one request may arrive as two signals', () => {
    const signals = new EndingSignals();
    signals.hear('SIGTERM', 1_000);
    expect(signals.hear('SIGTERM', 1_001)).toBe('the same');
  });

  it('a closing terminal never hurries the end, even with repeated signals', () => {
    const signals = new EndingSignals();
    signals.hear('SIGHUP', 1_000);
    expect([signals.hear('SIGHUP', 1_001), signals.hear('SIGHUP', 9_000)]).toEqual(['the same', 'the same']);
  });
});
