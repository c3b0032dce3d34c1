import { gguf } from '@huggingface/gguf';
import fc from 'fast-check';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { estimationModels } from '../../scripts/estimation-models.ts';
import { isLong } from '../../scripts/test-tier.ts';
import { demoModelBytes } from '../../cli/quickstart/demo-model.ts';
import { encodeGguf, type GgufValue } from '../../cli/quickstart/gguf-file.ts';
import type { GgufHeader, GgufTensor } from './gguf-header.ts';
import { readGgufFile } from './gguf-headers.ts';

/** Compares our reader with the library of Hugging Face on complete files. For cut and hostile ones it is no oracle. */

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-oracle-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Both {
  ours: GgufHeader;
  tensors: GgufTensor[];
  theirs: Awaited<ReturnType<typeof gguf>>;
}

async function readBoth(file: string): Promise<Both> {
  const theirs = await gguf(file, { allowLocalFile: true });
  const tensors: GgufTensor[] = [];
  const ours = await readGgufFile(file, new Set(), (tensor) => void tensors.push(tensor));
  return { ours, tensors, theirs };
}

/** Numbers, truth values and short texts, as both readers keep them. */
function scalars(metadata: Iterable<[string, unknown]>): Record<string, unknown> {
  const kept = [...metadata].filter(
    ([key, value]) => !['version', 'tensor_count', 'kv_count'].includes(key) && !Array.isArray(value),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value]));
}

/** Short arrays of numbers, as our reader keeps them: not those of a tokenizer. */
function lists(metadata: Iterable<[string, unknown]>): Record<string, unknown> {
  const kept = [...metadata].filter(
    ([key, value]) =>
      Array.isArray(value) &&
      !key.startsWith('tokenizer.') &&
      value.length > 0 &&
      value.length <= 1_024 &&
      value.every((item) => typeof item === 'number' || typeof item === 'bigint'),
  );
  return Object.fromEntries(kept.map(([key, value]) => [key, Array.isArray(value) ? value.map(Number) : value]));
}

async function expectSame(bytes: Buffer): Promise<void> {
  const file = path.join(folder, 'model.gguf');
  await writeFile(file, bytes);
  await expectSameOf(file);
}

async function expectSameOf(file: string): Promise<void> {
  const { ours, tensors, theirs } = await readBoth(file);
  expect(scalars(ours.metadata)).toEqual(
    scalars(Object.entries(theirs.metadata).filter(([, value]) => String(value).length <= 256)),
  );
  // The library does not say which type an empty array has.
  const ourLists = [...ours.lists].filter(([, list]) => list.length > 0);
  expect(Object.fromEntries(ourLists)).toEqual(lists(Object.entries(theirs.metadata)));
  expect(tensors.map(({ name, type, dimensions }) => ({ name, type, dimensions }))).toEqual(
    theirs.tensorInfos.map(({ name, dtype, shape }) => ({ name, type: dtype, dimensions: shape.map(Number) })),
  );
  expect(ours.tensors).toBe(theirs.tensorInfos.length);
  const values = theirs.tensorInfos.reduce(
    (sum, { shape }) => sum + shape.reduce((size, each) => size * Number(each), 1),
    0,
  );
  expect(ours.parameters).toBe(values);
}

const value: fc.Arbitrary<GgufValue> = fc.oneof(
  fc.record({ type: fc.constant('uint32' as const), value: fc.nat() }),
  fc.record({ type: fc.constant('float32' as const), value: fc.float({ noNaN: true, noDefaultInfinity: true }) }),
  fc.record({ type: fc.constant('string' as const), value: fc.string({ maxLength: 60 }) }),
  fc.record({ type: fc.constant('strings' as const), value: fc.array(fc.string({ maxLength: 9 }), { maxLength: 50 }) }),
  fc.record({ type: fc.constant('int32s' as const), value: fc.array(fc.integer(), { maxLength: 50 }) }),
);
const key = fc.stringMatching(/^[a-z]{1,9}\.[a-z_]{1,9}$/);

describe('the header of a GGUF file is read as by @huggingface/gguf', () => {
  it('of the demo model', () => expectSame(demoModelBytes()));

  it('of any metadata', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, value, { maxKeys: 20 }), async (metadata) => {
        const architecture = ['general.architecture', { type: 'string', value: 'llama' }] as const;
        await expectSame(encodeGguf(new Map([architecture, ...Object.entries(metadata)]), []));
      }),
      { numRuns: 50 },
    );
  });

  it.runIf(isLong)('of every architecture of llama.cpp, and of two real models', async (context) => {
    const files = await estimationModels();
    if (files.length === 0) context.skip('get the models with `node scripts/estimation-models.ts`');
    for (const file of files) await expectSameOf(file);
  });
});
