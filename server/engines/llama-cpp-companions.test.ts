import { describe, expect, it } from 'vitest';
import type { Settings } from '../instances/ports/instance-record.ts';
import { helpCatalogue } from './fixtures/help.ts';
import { parseHelp } from './flags.ts';
import { companionArguments } from './llama-cpp-companions.ts';

const companions = { projector: '/m/mmproj.gguf', adapter: '/m/lora.gguf' };

function argumentsOf(
  options: Settings['options'],
  argv: string[] = [],
  environment: Record<string, string> = {},
): string[] {
  return companionArguments({ companions, options }, { argv, environment }, helpCatalogue());
}

describe('the companions of a model in a launch', () => {
  it('are its projector and its adapter', () => {
    expect(argumentsOf({ threads: 4, mmproj_offload: false })).toEqual([
      '--mmproj',
      companions.projector,
      '--lora',
      companions.adapter,
    ]);
  });

  it('are none for a model without any', () => {
    expect(companionArguments({ options: {} }, { argv: [], environment: {} }, null)).toEqual([]);
  });

  it.each<Settings['options']>([
    { mmproj: '/other.gguf' },
    { mm: '/other.gguf' },
    { mmproj: false },
    { no_mmproj: true },
    { mmproj_auto: false },
  ])('leave the projector to the option %j', (options) => {
    expect(argumentsOf(options)).toEqual(['--lora', companions.adapter]);
  });

  it.each(['--mmproj', '-mm', '--no-mmproj', '--mmproj=/other.gguf'])('leave it to the argument %s', (word) => {
    expect(argumentsOf({}, [word])).toEqual(['--lora', companions.adapter]);
  });

  it('leave it to a variable', () => {
    expect(argumentsOf({}, [], { LLAMA_ARG_MMPROJ: '/other.gguf' })).toEqual(['--lora', companions.adapter]);
  });

  it.each(['lora', 'lora_scaled'])('leave the adapter to the option %s', (key) => {
    expect(argumentsOf({ [key]: '/other.gguf' })).toEqual(['--mmproj', companions.projector]);
  });

  it('stay away from an engine without their flags', () => {
    const old = parseHelp('--threads N   number of threads');
    expect(companionArguments({ companions, options: {} }, { argv: [], environment: {} }, old)).toEqual([]);
  });
});
