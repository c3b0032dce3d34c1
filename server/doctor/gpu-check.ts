import { existsSync } from 'node:fs';
import { phrase } from '@llamactl/contract/phrases';
import type { Gpu } from '@llamactl/contract/system';
import { memoryText } from '../../format/figures.ts';
import { step } from '../instances/why/step.ts';
import { doubtful, withPhrases, well, type Finding } from './finding.ts';

/** Device files of GPU drivers, and the tools that report GPUs. */
const SIGNS: readonly (readonly [file: string, tool: string])[] = [
  ['/dev/nvidiactl', 'nvidia-smi'],
  ['/dev/kfd', 'amd-smi or rocm-smi'],
];

/** Whether the GPUs of this machine are detected. */
export function checkGpus(gpus: readonly Gpu[], isThere: (file: string) => boolean = existsSync): Finding {
  const check = 'GPU';
  if (gpus.length > 0) {
    const list = gpus.map(({ name, memory_total: total }) =>
      total === null ? name : `${name} (${memoryText(total)})`,
    );
    return well(check, list.join(', '));
  }
  const [, tool] = SIGNS.find(([file]) => isThere(file)) ?? [];
  if (tool === undefined) return well(check, 'none', phrase('no_gpu'));
  const finding = doubtful(
    check,
    `this machine seems to have a GPU, but ${tool} does not report it: GPU statistics stay empty`,
    step('install_tool', `Install ${tool}, or run it to see why it fails`, { tool }),
  );
  return withPhrases(finding, phrase('gpu_not_reported', { tool }));
}
