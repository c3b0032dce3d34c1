import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeGguf, type GgufValue } from '../../cli/quickstart/gguf-file.ts';
import { ModelFileCheck } from './model-file.ts';

const NOBODY = 65_534;

/** Root may read everything, so as root these tests switch to the user `nobody`, who may not enter the folder. */
async function asOrdinaryUser<Result>(act: () => Promise<Result>): Promise<Result> {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(NOBODY);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

/** A model file whose only tensor has 4 kB. */
function gguf(metadata: Record<string, string | number> = {}): Buffer {
  const entries = Object.entries(metadata).map(([key, value]): [string, GgufValue] => [
    key,
    typeof value === 'string' ? { type: 'string', value } : { type: 'uint32', value },
  ]);
  return encodeGguf(new Map(entries), [{ name: 'output.weight', dimensions: [32, 32], data: new Float32Array(1_024) }]);
}

const modelFileProblem = (file: string): Promise<string | null> => new ModelFileCheck().problem(file);

describe('the check of a model file', () => {
  let folder: string;
  const file = (name: string): string => path.join(folder, name);

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'llamactl-model-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('accepts a regular file, also through links', async () => {
    await writeFile(file('a.gguf'), gguf());
    await symlink(file('a.gguf'), file('link'));
    await symlink(file('link'), file('link-of-link'));
    expect(await modelFileProblem(file('a.gguf'))).toBeNull();
    expect(await modelFileProblem(file('link-of-link'))).toBeNull();
  });

  it('names a missing file', async () => {
    await writeFile(file('plain'), '');
    expect(await modelFileProblem(file('a.gguf'))).toBe(`the model file ${file('a.gguf')} does not exist`);
    expect(await modelFileProblem(file('plain/a.gguf'))).toBe(`the model file ${file('plain/a.gguf')} does not exist`);
    expect(await modelFileProblem('~/a.gguf')).toBe(
      'the model file ~/a.gguf does not exist; write the whole path, because only a shell replaces `~`',
    );
    expect(await modelFileProblem('models/a.gguf')).toBe(
      'the model file models/a.gguf does not exist; write the whole path, because a relative one starts in the folder of the server',
    );
  });

  it('reports a broken link', async () => {
    await symlink(file('gone'), file('link'));
    expect(await modelFileProblem(file('link'))).toBe(
      `the model file ${file('link')} is a link to a file that does not exist`,
    );
  });

  it('refuses folders and devices, also through links', async () => {
    await mkdir(file('folder'));
    await symlink('/dev/zero', file('zeros'));
    expect(await modelFileProblem(file('folder'))).toBe(`the model file ${file('folder')} is a folder, not a file`);
    expect(await modelFileProblem(file('zeros'))).toBe(`the model file ${file('zeros')} is not a regular file`);
  });

  it.each([
    ['is text', 'root:x:0:0:root:/root:/bin/bash'],
    ['is cut off', 'GGU'],
    ['has the older format', 'tjgg'],
  ])('refuses a file that %s, and shows nothing of it', async (_, content) => {
    await writeFile(file('a.gguf'), content);
    expect(await modelFileProblem(file('a.gguf'))).toBe(`the model file ${file('a.gguf')} is not a GGUF file`);
  });

  it.each([
    ['version https://git-lfs.github.com/spec/v1\noid sha256:1', 'it is a Git LFS pointer, not the model itself (run'],
    ['<!DOCTYPE html><html>', 'it is a web page that was saved instead of the model'],
    ['\u0010\u0001\0\0\0\0\0\0{"lm_head.weight":{"dtype"', 'it is a safetensors file; convert it'],
    ['PK\u0003\u0004\u0014', 'it is a ZIP archive or a PyTorch model'],
    ['', 'it is empty'],
  ])('says what else a file is: %j', async (content, kind) => {
    await writeFile(file('a.gguf'), content);
    expect(await modelFileProblem(file('a.gguf'))).toContain(`${file('a.gguf')} is not a GGUF file: ${kind}`);
  });

  it('requires GGUF in all parts', async () => {
    await writeFile(file('m-00001-of-00002.gguf'), gguf());
    await writeFile(file('m-00002-of-00002.gguf'), 'root');
    expect(await modelFileProblem(file('m-00001-of-00002.gguf'))).toBe(
      `part 2 of 2 of the model, ${file('m-00002-of-00002.gguf')} is not a GGUF file`,
    );
  });

  it('names the file for any other system error', async () => {
    await symlink(file('loop'), file('loop'));
    expect(await modelFileProblem(file('loop'))).toContain(`the model file ${file('loop')} cannot be opened: ELOOP`);
    expect(await modelFileProblem(file('x'.repeat(300)))).toContain('cannot be opened: ENAMETOOLONG');
  });

  it('requires a readable file', async () => {
    await writeFile(file('a.gguf'), gguf());
    await chmod(file('a.gguf'), 0);
    const problem = await asOrdinaryUser(() => modelFileProblem(file('a.gguf')));
    expect(problem).toBe(`the model file ${file('a.gguf')} cannot be read by llamactl’s user`);
  });

  it('requires all parts', async () => {
    await writeFile(file('m-00001-of-00003.gguf'), gguf());
    await writeFile(file('m-00003-of-00003.gguf'), gguf());
    expect(await modelFileProblem(file('m-00001-of-00003.gguf'))).toBe(
      `part 2 of 3 of the model, ${file('m-00002-of-00003.gguf')} does not exist`,
    );
    await writeFile(file('m-00002-of-00003.gguf'), gguf());
    expect(await modelFileProblem(file('m-00001-of-00003.gguf'))).toBeNull();
  });

  it('requires the first part', async () => {
    await writeFile(file('m-00002-of-00003.gguf'), gguf());
    expect(await modelFileProblem(file('m-00002-of-00003.gguf'))).toBe(
      `the model file ${file('m-00002-of-00003.gguf')} is part 2 of 3; give the first part, ${file('m-00001-of-00003.gguf')}`,
    );
  });

  it('says how much of a file that is cut off is missing, and how much is there', async () => {
    const whole = gguf({ 'general.architecture': 'llama' });
    await writeFile(file('a.gguf'), whole.subarray(0, 2_000));
    expect(await modelFileProblem(file('a.gguf'))).toBe(
      `the model file ${file('a.gguf')} is cut off: it has 2.0 kB, and ${((whole.length - 2_000) / 1_000).toFixed(1)} kB are missing; download it again`,
    );
    await writeFile(file('a.gguf'), whole.subarray(0, 50));
    expect(await modelFileProblem(file('a.gguf'))).toBe(
      `the model file ${file('a.gguf')} is cut off: it has 50 bytes, and its header is not complete; download it again`,
    );
  });

  it('judges a file again once it has changed', async () => {
    const check = new ModelFileCheck();
    await writeFile(file('a.gguf'), gguf().subarray(0, 2_000));
    expect(await check.problem(file('a.gguf'))).toContain('is cut off');
    expect(await check.problem(file('a.gguf'))).toContain('is cut off');
    await writeFile(file('a.gguf'), gguf());
    expect(await check.problem(file('a.gguf'))).toBeNull();
  });

  it('requires that all parts are complete', async () => {
    await writeFile(file('m-00001-of-00002.gguf'), gguf());
    await writeFile(file('m-00002-of-00002.gguf'), gguf().subarray(0, 3_000));
    expect(await modelFileProblem(file('m-00001-of-00002.gguf'))).toContain(
      `part 2 of 2 of the model, ${file('m-00002-of-00002.gguf')} is cut off: it has 3.0 kB`,
    );
  });

  it('requires the name that shows where the other parts are', async () => {
    await writeFile(file('a.gguf'), gguf({ 'split.no': 1, 'split.count': 3 }));
    expect(await modelFileProblem(file('a.gguf'))).toBe(
      `the model file ${file('a.gguf')} is a part of a model in 3 parts, but its name does not end in -00002-of-00003.gguf; rename it`,
    );
    await writeFile(file('a.gguf'), gguf({ 'split.no': 0, 'split.count': 1 }));
    expect(await modelFileProblem(file('a.gguf'))).toBeNull();
  });

  it.each([
    [{ 'general.type': 'adapter', 'adapter.type': 'lora' }, 'is a LoRA adapter, not a model', 'the option lora'],
    [{ 'general.type': 'mmproj' }, 'is a multimodal projector, not a model', 'the option mmproj'],
    [{ 'general.architecture': 'clip' }, 'is a multimodal projector, not a model', 'the option mmproj'],
    [{ 'general.type': 'imatrix' }, 'is an importance matrix', 'the model itself'],
  ])('refuses a file that only belongs to a model, unless it is given as such: %j', async (metadata, kind, way) => {
    await writeFile(file('a.gguf'), gguf(metadata));
    const problem = await modelFileProblem(file('a.gguf'));
    expect(problem).toContain(`${file('a.gguf')} ${kind}`);
    expect(problem).toContain(way);
    expect(await new ModelFileCheck().problem(file('a.gguf'), 'LoRA adapter')).toBeNull();
  });
});
