import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LaunchPlan } from '../instances/ports/runs.ts';
import { RealBench } from '../testing/real-bench.ts';
import { createLauncher, type Launcher } from './launcher.ts';

let bench: RealBench;
let cleaned: string[];

beforeEach(() => {
  bench = new RealBench();
  cleaned = [];
});
afterEach(() => bench.dispose());

function launcher(): Launcher {
  return createLauncher({
    kept: [],
    clock: bench.clock,
    finder: { byTag: async () => null, find: async () => null },
    bootId: 'boot',
    inheritedEnvironment: bench.environment,
    cleanUp: async ({ tag }) => void cleaned.push(tag),
  });
}

describe('a launch that fails', () => {
  const failing = (): ReturnType<RealBench['engine']> => ({
    ...bench.engine(),
    command: bench.program(Buffer.from('\x7fELF of another machine')),
  });

  it('is followed by a clean-up', async () => {
    const run = bench.newRun();
    await expect(launcher().launch(run, failing(), {})).rejects.toThrow('cannot be run');
    expect(cleaned).toEqual([run.tag]);
  });

  it('is not cleaned up once another server adopts the launched engine', async () => {
    const closing = launcher();
    const { argv, ...rest } = failing();
    const plan: LaunchPlan = {
      ...rest,
      // Read after the launch has begun, and before it can fail.
      get argv() {
        closing.close();
        return argv;
      },
    };
    const launched = closing.launch(bench.newRun(), plan, {});
    await expect(launched).rejects.toThrow('cannot be run');
    expect(cleaned).toEqual([]);
  });
});
