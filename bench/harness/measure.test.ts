import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { measure } from './measure.ts';
import type { Scenario } from './scenario.ts';

const scenario = (open: Scenario['open']): Scenario => ({
  name: 'nap',
  title: 'a nap',
  method: '',
  figures: [{ key: 'nap', what: 'the nap', unit: 'ms' }],
  limitSeconds: 60,
  open,
});
const never = (): Promise<never> => new Promise(() => undefined);

describe('measuring a scenario', () => {
  it('prepares once, runs several times, ends what was started', async () => {
    const events: string[] = [];
    const nap = scenario(({ belongings }) => {
      belongings.add(() => void events.push('ended'));
      events.push('opened');
      return Promise.resolve(() => {
        events.push('ran');
        return Promise.resolve({ nap: events.length });
      });
    });
    const outcome = await measure(nap, { runs: 2, isQuick: true, signal: new AbortController().signal });
    expect(outcome.runs).toEqual([{ nap: 2 }, { nap: 3 }]);
    expect(events).toEqual(['opened', 'ran', 'ran', 'ended']);
  });

  it('ends what was started when a run fails', async () => {
    let isEnded = false;
    const nap = scenario(({ belongings }) => {
      belongings.add(() => {
        isEnded = true;
      });
      return Promise.resolve(() => Promise.reject(new Error('woken up')));
    });
    const measured = measure(nap, { runs: 1, isQuick: true, signal: new AbortController().signal });
    await expect(measured).rejects.toThrow('woken up');
    expect(isEnded).toBe(true);
  });

  it('gives up what takes too long', async () => {
    const endless = scenario(({ signal }) => Promise.resolve(() => pause(60_000, {}, { signal })));
    const nap = { ...endless, limitSeconds: 0.01 };
    const measured = measure(nap, { runs: 2, isQuick: true, signal: new AbortController().signal });
    await expect(measured).rejects.toThrow('nap took longer than 0.02 s');
  });

  it('ends what was started when it is interrupted, also what came too late', async () => {
    const interruption = new AbortController();
    const ended: string[] = [];
    const nap = scenario(async ({ belongings, signal }) => {
      belongings.add(() => void ended.push('early'));
      interruption.abort();
      await Promise.resolve();
      belongings.add(() => void ended.push('late'));
      signal.throwIfAborted();
      return never;
    });
    const measured = measure(nap, { runs: 1, isQuick: true, signal: interruption.signal });
    await expect(measured).rejects.toThrow('nap was interrupted');
    expect(ended.toSorted()).toEqual(['early', 'late']);
  });
});
