import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../instances/ports/time.ts';
import { RealBench } from '../testing/real-bench.ts';
import { createLauncher, type Launcher } from './launcher.ts';

let bench: RealBench;
let cleaned: string[];

beforeEach(() => {
  bench = new RealBench();
  cleaned = [];
});
afterEach(() => bench.dispose());

/** @param onLook Called each time the launcher looks for the launch, and each time it waits for it. */
function launcher(onLook: (launcher: Launcher) => void): Launcher {
  const clock: Clock = {
    now: () => bench.clock.now(),
    elapsed: () => bench.clock.elapsed(),
    nextTurn: (callback) => bench.clock.nextTurn(callback),
    after: (milliseconds, callback) => {
      onLook(made);
      return bench.clock.after(milliseconds, callback);
    },
  };
  const made = createLauncher({
    kept: [],
    clock,
    finder: {
      // A launch that failed before the first look never waits.
      byTag: async () => {
        onLook(made);
        return null;
      },
      find: async () => null,
    },
    bootId: 'boot',
    inheritedEnvironment: bench.environment,
    cleanUp: async ({ tag }) => void cleaned.push(tag),
  });
  return made;
}

describe('a launch that fails', () => {
  const failing = (): ReturnType<RealBench['engine']> => ({
    ...bench.engine(),
    command: bench.program(Buffer.from('\x7fELF of another machine')),
  });

  it('is followed by a clean-up', async () => {
    const run = bench.newRun();
    await expect(launcher(() => undefined).launch(run, failing(), {})).rejects.toThrow('cannot be run');
    expect(cleaned).toEqual([run.tag]);
  });

  it('is not cleaned up once another server adopts the launched engine', async () => {
    const launched = launcher((one) => one.close()).launch(bench.newRun(), failing(), {});
    await expect(launched).rejects.toThrow('cannot be run');
    expect(cleaned).toEqual([]);
  });
});
