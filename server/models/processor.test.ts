import { describe, expect, it } from 'vitest';
import { processorOf } from './processor.ts';

describe('the kind of a processor', () => {
  it.each([
    ['x64', 'flags\t\t: fpu avx2 avx512_vnni amx_bf16 amx_tile amx_int8\n', 'amx'],
    ['x64', 'flags\t\t: fpu avx2 amx_int8x avx512_vnni\n', 'other'],
    ['x64', '', 'other'],
    ['arm64', 'Features\t: fp asimd\n', 'arm'],
  ])('%s with %j is %s', (architecture, description, expected) => {
    expect(processorOf(architecture, description)).toBe(expected);
  });
});
