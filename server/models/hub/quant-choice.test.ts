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
    expect(found.map(({ tag }) => tag)).toEqual(['Q4_K_M', 'UD-Q4_K_M', 'b-Q4_K_M', 'plain']);
    for (const quant of found) expect(paths(chooseQuant(found, quant.tag))).toEqual(paths(quant));
  });

  it('have all their parts, in order, or are left out', () => {
    const found = quants(
      'Q4_K_M/m-Q4_K_M-00002-of-00002.gguf',
      'Q4_K_M/m-Q4_K_M-00001-of-00002.gguf',
      'm-Q8_0-00001-of-00003.gguf',
      'm-Q8_0-00003-of-00003.gguf',
    );
    expect(found.map(({ tag }) => tag)).toEqual(['Q4_K_M']);
    expect(paths(found[0] ?? null)).toEqual([
      'Q4_K_M/m-Q4_K_M-00001-of-00002.gguf',
      'Q4_K_M/m-Q4_K_M-00002-of-00002.gguf',
    ]);
  });

  it('are neither projectors, drafts, calibration data nor the options of a stranger', () => {
    const names = [
      'mmproj-F16.gguf',
      'm.mmproj-Q8_0.gguf',
      'mtp-m-Q8_0.gguf',
      'eagle3-m.gguf',
      'm.imatrix.gguf',
      'preset.ini',
    ];
    expect(quants(...names)).toEqual([]);
    expect(quants(...names, 'm-Q4_K_M.gguf').flatMap(({ files }) => files.map(({ path }) => path))).toEqual([
      'm-Q4_K_M.gguf',
    ]);
  });

  it('are a set of safetensors where no GGUF file is', () => {
    const names = ['config.json', 'model-00001-of-00001.safetensors', 'tokenizer.model', 'chat_template.jinja'];
    const [only, ...others] = quants(...names, 'modeling_x.py', 'pytorch_model.bin', 'preset.ini', 'onnx/model.json');
    expect(others).toEqual([]);
    expect(only).toMatchObject({ tag: null, quantization: null });
    expect(paths(only ?? null)?.toSorted()).toEqual(names.toSorted());
    expect(quants('config.json', 'README.md')).toEqual([]);
  });
});

describe('the choice', () => {
  it.each([
    [null, ['m-Q8_0.gguf', 'm-Q4_K_M.gguf', 'm-BF16.gguf'], 'm-Q4_K_M.gguf'],
    [null, ['m-BF16.gguf', 'm-Q8_0.gguf', 'm-Q2_K.gguf'], 'm-Q8_0.gguf'],
    [null, ['m-Q6_K.gguf', 'm-Q5_K_M.gguf'], 'm-Q5_K_M.gguf'],
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
