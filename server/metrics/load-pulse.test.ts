import type { LoadFrame } from '@llamactl/contract/live-frames';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { LoadPulse } from './load-pulse.ts';

const LOAD = { phase: 'loading', fraction: null, elapsed: 1, usual_seconds: null } as const;

describe('the pulse of starts', () => {
  it('reports each start each second, and rests while nothing starts', async () => {
    const clock = new FakeClock();
    let loads: LoadFrame['data'][] = [];
    let looks = 0;
    const reported: string[] = [];
    const pulse = new LoadPulse({
      clock,
      loads: () => {
        looks += 1;
        return loads;
      },
      onProgress: ({ name }) => reported.push(name),
    });
    pulse.noteChange();
    await clock.advance(5_000);
    expect([looks, reported]).toEqual([1, []]);
    loads = [
      { name: 'a', load: LOAD },
      { name: 'b', load: LOAD },
    ];
    pulse.noteChange();
    pulse.noteChange();
    await clock.advance(2_000);
    expect(reported).toEqual(['a', 'b', 'a', 'b']);
    loads = [];
    await clock.advance(1_000);
    const before = looks;
    await clock.advance(10_000);
    expect([looks, reported.length]).toEqual([before, 4]);
  });
});
