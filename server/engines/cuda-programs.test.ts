import { describe, expect, it } from 'vitest';
import type { EngineDevice } from '@llamactl/contract/engine';
import { CudaPrograms } from './cuda-programs.ts';

const device = (name: string, total: number | null = 8): EngineDevice => ({
  name,
  description: name,
  memory_total: total,
  memory_free: total,
});

/** Programs that list these devices; `null`: they fail. */
function programs(devices: () => EngineDevice[] | null): { cuda: CudaPrograms; asked: string[]; learn: () => void } {
  const asked: string[] = [];
  let learnings = 0;
  const cuda = new CudaPrograms({
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
  return { cuda, asked, learn: () => (learnings += 1) };
}

const LAUNCHER = { command: 'llama-server', args: ['--one'] };

describe('a program', () => {
  it.each<[EngineDevice[], boolean]>([
    [[device('CUDA0'), device('CUDA1'), device('BLAS', null)], true],
    [[device('Vulkan0'), device('Vulkan1')], false],
    [[device('CUDA0'), device('Vulkan0')], false],
    [[], false],
  ])('with the devices %j computes by CUDA alone: %s', async (devices, has) => {
    expect(await programs(() => devices).cuda.has(LAUNCHER)).toBe(has);
  });

  it('is asked once, and again when it has changed', async () => {
    let devices = [device('CUDA0')];
    const { cuda, asked, learn } = programs(() => devices);
    for (let turn = 0; turn < 3; turn += 1) await cuda.has(LAUNCHER);
    expect(asked).toEqual(['/bin/llama-server --one']);
    devices = [device('Vulkan0')];
    learn();
    expect(await cuda.has(LAUNCHER)).toBe(false);
  });

  it('is asked again after a failure', async () => {
    let devices: EngineDevice[] | null = null;
    const { cuda } = programs(() => devices);
    expect(await cuda.has(LAUNCHER)).toBe(false);
    devices = [device('CUDA0')];
    expect(await cuda.has(LAUNCHER)).toBe(true);
    expect(await cuda.has({ command: 'absent', args: [] })).toBe(false);
  });
});
