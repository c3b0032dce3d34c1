import { readFile } from 'node:fs/promises';
import { codeOf } from '@llamactl/contract/reason';
import type { Processor } from './memory-estimate.ts';

/** The kind of this machine's processor. */
export async function readProcessor(): Promise<Processor> {
  try {
    return processorOf(process.arch, await readFile('/proc/cpuinfo', 'latin1'));
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return processorOf(process.arch, '');
  }
}

/**
 * The kind of a processor, as llama.cpp distinguishes them.
 *
 * @param architecture In Node's names.
 * @param description The text of /proc/cpuinfo.
 */
export function processorOf(architecture: string, description: string): Processor {
  if (architecture === 'arm64') return 'arm';
  const flags = new Set(/^flags\s*: (.*)$/m.exec(description)?.[1]?.split(' '));
  return flags.has('amx_int8') && flags.has('avx512_vnni') ? 'amx' : 'other';
}
