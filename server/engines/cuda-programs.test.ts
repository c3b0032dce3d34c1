import { describe, expect, it } from 'vitest';
import type { EngineDevice } from '@llamactl/contract/engine';
import { FakeClock } from '../testing/fake-clock.ts';
import { CudaPrograms } from './cuda-programs.ts';

const device = (name: string, total: number | null = 8): EngineDevice => ({
  name,
  description: name,
  memory_total: total,
  memory_free: total,
});

/** Programs that list these devices; `null`: they fail. */
function programs(devices: () => EngineDevice[] | null | Promise<EngineDevice[]>): {
  cuda: CudaPrograms;
  asked: string[];
  learn: () => void;
  clock: FakeClock;
} {
  const asked: string[] = [];
  let learnings = 0;
  const clock = new FakeClock();
  const cuda = new CudaPrograms({
    clock,
    devices: {
      of: async ({ command, args }) => {
        asked.push([command, ...args].join(' '));
        return devices();
      },
    },
    learnings: () => learnings,
    findProgram: async (command) => {
      if (command === 'absent') throw new Error('is not there');
      return `/bin/${command}`;
    },
    searchPath: '',
  });
  return { cuda, asked, clock, learn: () => (learnings += 1) };
}

const LAUNCHER = { command: 'llama-server', args: ['--one'] };

describe('a program', () => {
  it.each<[EngineDevice[], number]>([
    [[device('CUDA0'), device('CUDA1'), device('BLAS', null)], 2],
    [[device('Vulkan0'), device('Vulkan1')], 0],
    [[device('CUDA0'), device('Vulkan0')], 0],
    [[], 0],
  ])('with the devices %j sees by CUDA alone: %s', async (devices, count) => {
    expect(await programs(() => devices).cuda.gpus(LAUNCHER)).toBe(count);
  });

  it('is asked once, and again when it has changed', async () => {
    let devices = [device('CUDA0')];
    const { cuda, asked, learn } = programs(() => devices);
    for (let turn = 0; turn < 3; turn += 1) await cuda.gpus(LAUNCHER);
    expect(asked).toEqual(['/bin/llama-server --one']);
    devices = [device('Vulkan0')];
    learn();
    expect(await cuda.gpus(LAUNCHER)).toBe(0);
  });

  it('is asked again after a failure', async () => {
    let devices: EngineDevice[] | null = null;
    const { cuda } = programs(() => devices);
    expect(await cuda.gpus(LAUNCHER)).toBe(0);
    devices = [device('CUDA0')];
    expect(await cuda.gpus(LAUNCHER)).toBe(1);
    expect(await cuda.gpus({ command: 'absent', args: [] })).toBe(0);
  });

  it('that takes long delays a start for three seconds, and is known to the next', async () => {
    const list = Promise.withResolvers<EngineDevice[]>();
    const { cuda, asked, clock } = programs(() => list.promise);
    const first = cuda.gpus(LAUNCHER);
    await clock.advance(3_000);
    expect(await first).toBe(0);
    list.resolve([device('CUDA0'), device('CUDA1')]);
    await clock.advance(0);
    expect(await cuda.gpus(LAUNCHER)).toBe(2);
    expect(asked).toHaveLength(1);
  });
});
