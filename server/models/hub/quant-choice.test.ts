import { describe, expect, it } from 'vitest';
import type { RemoteFile } from '../downloads/model-source.ts';
import { chooseQuant, quantsOf, type RemoteQuant } from './quant-choice.ts';

const file = (path: string): RemoteFile => ({
  path,
  size: 10,
  sha256: null,
  blob: '0'.repeat(40),
  url: `https://x/${path}`,
});

function quants(...paths: string[]): RemoteQuant[] {
  return quantsOf(paths.map(file));
}

const paths = (quant: RemoteQuant | null): string[] | null => quant?.files.map(({ path }) => path) ?? null;
const companions = (quant: RemoteQuant | null): string[] => quant?.companions.map((each) => each.file.path) ?? [];

describe('the models of a repository', () => {
  it('are named by the end of their files', () => {
    const found = quants(
      'Qwen3-8B-Q8_0.gguf',
      'Qwen3-8B-Q4_K_M.gguf',
      'qwen3-8b.IQ2_XS.gguf',
      'Qwen3-8B-UD-Q4_K_XL.gguf',
      'README.md',
    );
    expect(found.map(({ tag, quantization }) => [tag, quantization])).toEqual([
      ['Q4_K_M', 'Q4_K_M'],
      ['Q8_0', 'Q8_0'],
      ['Q4_K_XL', 'UD-Q4_K_XL'],
      ['IQ2_XS', 'IQ2_XS'],
    ]);
  });

  it('have tags that find them again, or are left out', () => {
    const found = quants(
      'a-Q4_K_M.gguf',
      'a-UD-Q4_K_M.gguf',
      'b-Q4_K_M.gguf',
      'sub/a-Q4_K_M.gguf',
      'plain.gguf',
      'x y.gguf',
    );
    expect(found.map(({ tag }) => tag)).toEqual(['Q4_K_M', 'UD-Q4_K_M', 'b-Q4_K_M', 'plain', 'sub']);
    for (const quant of found) expect(paths(chooseQuant(found, quant.tag))).toEqual(paths(quant));
  });

  it('are named by their folders when their files have equal names', () => {
    const found = quants(
      'Q4_K_M/model.gguf',
      'Q8_0/model.gguf',
      'x/y/model.gguf',
      'z/y/model.gguf',
      'z/y/v/model.gguf',
    );
    expect(found.map(({ tag, quantization }) => [tag, quantization])).toEqual([
      ['model', 'Q4_K_M'],
      ['Q8_0', 'Q8_0'],
      ['y', null],
      ['z', null],
      ['v', null],
    ]);
    for (const quant of found) expect(paths(chooseQuant(found, quant.tag))).toEqual(paths(quant));
    expect(paths(chooseQuant(found, 'Q4_K_M'))).toEqual(['Q4_K_M/model.gguf']);
  });

  it('are named by a quantisation within their names', () => {
    const found = quants('M-Q4_K_M-imat.gguf', 'M.Q8_0.v2.gguf', 'M-IQ3_XXS_x.gguf', 'M-NVFP4.gguf');
    expect(found.map(({ tag, quantization }) => [tag, quantization])).toEqual([
      ['IQ3_XXS', 'IQ3_XXS'],
      ['NVFP4', 'NVFP4'],
      ['Q4_K_M', 'Q4_K_M'],
      ['Q8_0', 'Q8_0'],
    ]);
    expect(paths(chooseQuant(found, 'imat'))).toEqual(['M-Q4_K_M-imat.gguf']);
  });

  it('are found in a large repository at once', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `m-${index}-Q4_K_M.gguf`);
    const found = quants(...names);
    expect([found.length, found[0]?.tag]).toEqual([20_000, 'Q4_K_M']);
    expect(paths(chooseQuant(found, '77-Q4_K_M'))).toEqual(['m-77-Q4_K_M.gguf']);
  });

  it('have all their parts, in order, or are left out', () => {
    const found = quants(
      'Q4_K_M/m-Q4_K_M-00002-of-00002.gguf',
      'Q4_K_M/m-Q4_K_M-00001-of-00002.gguf',
      'm-Q8_0-00001-of-00003.gguf',
      'm-Q8_0-00003-of-00003.gguf',
      'm-Q6_K-00000-of-00002.gguf',
      'm-Q6_K-00002-of-00002.gguf',
    );
    expect(found.map(({ tag }) => tag)).toEqual(['Q4_K_M']);
    expect(paths(found[0] ?? null)).toEqual([
      'Q4_K_M/m-Q4_K_M-00001-of-00002.gguf',
      'Q4_K_M/m-Q4_K_M-00002-of-00002.gguf',
    ]);
  });

  it.each([
    'mmproj-F16.gguf',
    'm.mmproj-Q8_0.gguf',
    'm-mmproj.gguf',
    'mtp-m-Q8_0.gguf',
    'eagle3-m.gguf',
    'gemma-4-26B-A4B-it-Q8_0-MTP.gguf',
    'Step3.7-flash-mtp-BF16.gguf',
    'm-dflash.gguf',
    'dspark/m.gguf',
    'MTP/m-Q8_0.gguf',
    'm.imatrix.gguf',
    'preset.ini',
  ])('do not have %s among them, but have those beside it', (name) => {
    const found = quants(name, 'm-Q4_K_M.gguf');
    expect(found.map(paths)).toEqual([['m-Q4_K_M.gguf']]);
  });

  it.each(['Eagle-7B.Q4_K_M.gguf', 'draft-writer-Q4_K_M.gguf', 'mtpx-Q4_K_M.gguf', 'm-Q4_K_M.gguf'])(
    'may be %s',
    (name) => {
      expect(quants(name, 'n-Q8_0.gguf').map(paths)).toContainEqual([name]);
    },
  );

  it('are the drafts, or else the projectors, where no other model is', () => {
    const drafts = quants('eagle3-m-Q4_K_M.gguf', 'eagle3-m-Q8_0.gguf', 'mmproj-F16.gguf');
    expect(drafts.map(({ tag }) => tag)).toEqual(['Q4_K_M', 'Q8_0']);
    expect(quants('mmproj-F16.gguf', 'README.md').map(({ tag }) => tag)).toEqual(['F16']);
    expect(quants('m.imatrix.gguf', 'preset.ini')).toEqual([]);
    expect(quants('mmproj-F16.gguf', 'config.json', 'model.safetensors').map(({ tag }) => tag)).toEqual([null]);
  });

  it('are a set of safetensors where no GGUF file is', () => {
    const names = ['config.json', 'model-00001-of-00001.safetensors', 'tokenizer.model', 'chat_template.jinja'];
    const [only, ...others] = quants(...names, 'modeling_x.py', 'pytorch_model.bin', 'preset.ini', 'onnx/model.json');
    expect(others).toEqual([]);
    expect(only).toMatchObject({ tag: null, quantization: null });
    expect(paths(only ?? null)?.toSorted()).toEqual(names.toSorted());
    expect(quants('config.json', 'README.md')).toEqual([]);
  });

  it('are no set of safetensors with a missing part, and have the same weights once', () => {
    expect(quants('config.json', 'model-00001-of-00002.safetensors')).toEqual([]);
    const [only] = quants('config.json', 'consolidated.safetensors', 'model-00001-of-00001.safetensors');
    expect(paths(only ?? null)).toEqual(['config.json', 'model-00001-of-00001.safetensors']);
    expect(paths(quants('config.json', 'consolidated.safetensors')[0] ?? null)).toEqual([
      'config.json',
      'consolidated.safetensors',
    ]);
  });
});

describe('the choice', () => {
  it.each([
    [null, ['m-Q8_0.gguf', 'm-Q4_K_M.gguf', 'm-BF16.gguf'], 'm-Q4_K_M.gguf'],
    [null, ['m-BF16.gguf', 'm-Q8_0.gguf', 'm-Q2_K.gguf'], 'm-Q8_0.gguf'],
    [null, ['m-Q6_K.gguf', 'm-Q5_K_M.gguf'], 'm-Q5_K_M.gguf'],
    [null, ['m-UD-Q4_K_M.gguf', 'm-Q8_0.gguf'], 'm-UD-Q4_K_M.gguf'],
    [null, ['a-UD-Q4_K_M.gguf', 'm-Q4_K_M.gguf'], 'm-Q4_K_M.gguf'],
    ['Q4_K_M', ['m-UD-Q4_K_M.gguf', 'm.Q4_K_M.gguf'], 'm.Q4_K_M.gguf'],
    ['Q4_K_M', ['m-UD-Q4_K_M.gguf', 'm-Q8_0.gguf'], 'm-UD-Q4_K_M.gguf'],
    ['ud-q4_k_m', ['m-UD-Q4_K_M.gguf', 'm.Q4_K_M.gguf'], 'm-UD-Q4_K_M.gguf'],
    ['q6_k', ['m-Q6_K.gguf', 'm-Q5_K_M.gguf'], 'm-Q6_K.gguf'],
    ['Q4_K_XL', ['m-UD-Q4_K_XL.gguf'], 'm-UD-Q4_K_XL.gguf'],
    ['m', ['m.gguf', 'other-m.gguf'], 'm.gguf'],
  ])('by %s among %j is %s', (tag, names, expected) => {
    expect(paths(chooseQuant(quants(...names), tag))).toEqual([expected]);
  });

  it('is none for an unknown name, and for the end of a word', () => {
    expect(chooseQuant(quants('m-Q4_K_M.gguf'), 'Q5_K_M')).toBeNull();
    expect(chooseQuant(quants('m-Q4_K_M.gguf'), 'K_M')).toBeNull();
    expect(chooseQuant([], null)).toBeNull();
  });
});

describe('the companions of a model', () => {
  it('are those of the nearest folder', () => {
    const found = quants('a/m-Q4_K_M.gguf', 'b/n-Q4_K_M.gguf', 'mmproj-F16.gguf', 'b/mmproj-F32.gguf');
    expect(found.map(companions)).toEqual([['mmproj-F16.gguf'], ['b/mmproj-F32.gguf']]);
  });

  it('are those of no other folder, and a folder for drafts belongs to the one above it', () => {
    const found = quants('a/m-Q4_K_M.gguf', 'b/mmproj-F16.gguf', 'a/MTP/m-mtp.gguf', 'a/x/mtp-n.gguf');
    expect(found.map(companions)).toEqual([['a/MTP/m-mtp.gguf']]);
  });

  it('are then those of the nearest bit width', () => {
    const found = quants(
      'm-Q8_0.gguf',
      'm-BF16.gguf',
      'mmproj-m-F16.gguf',
      'mmproj-m-Q8_0.gguf',
      'mtp-m-Q4_0.gguf',
      'mtp-m-Q8_0.gguf',
    );
    expect(companions(chooseQuant(found, 'Q8_0'))).toEqual(['mmproj-m-Q8_0.gguf', 'mtp-m-Q8_0.gguf']);
    expect(companions(chooseQuant(found, 'BF16'))).toEqual(['mmproj-m-F16.gguf', 'mtp-m-Q8_0.gguf']);
  });
});
