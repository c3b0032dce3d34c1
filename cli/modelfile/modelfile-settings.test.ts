import { suggestion } from '@llamactl/server/suggestion';
import { describe, expect, it } from 'vitest';
import { modelfileSettings } from './modelfile-settings.ts';
import { instructionsOf } from './modelfile-text.ts';

const read = (text: string): ReturnType<typeof modelfileSettings> =>
  modelfileSettings(instructionsOf(`FROM a\n${text}`, 'Modelfile'), 'Modelfile', suggestion);

describe('the settings in a Modelfile', () => {
  it('are options of the engine, fields of requests, and a system prompt', () => {
    const { settings, dropped } = read(
      'PARAMETER num_ctx 16384\nPARAMETER num_gpu 0\nPARAMETER num_thread 4\nPARAMETER num_batch 64\n' +
        'PARAMETER temperature 0.3\nPARAMETER top_p 0.9\nPARAMETER top_k 40\nPARAMETER min_p 0.1\nPARAMETER seed 42\n' +
        'PARAMETER repeat_penalty 1.1\nPARAMETER num_predict 512\nPARAMETER stop "###"\nPARAMETER stop </s>\n' +
        'SYSTEM """\nAnswer with code.\n"""\n',
    );
    expect(dropped).toEqual([]);
    expect(settings).toEqual({
      options: { ctx_size: 16_384, n_gpu_layers: 0, threads: 4, batch_size: 64 },
      request_defaults: {
        temperature: 0.3,
        top_p: 0.9,
        top_k: 40,
        min_p: 0.1,
        seed: 42,
        repeat_penalty: 1.1,
        max_tokens: 512,
        stop: ['###', '</s>'],
      },
      system_prompt: 'Answer with code.',
    });
  });

  it("are null for Ollama's defaults, which replace the values of the model in FROM", () => {
    expect(read('PARAMETER num_gpu -1\nPARAMETER num_ctx 0\nPARAMETER num_predict -1').settings).toEqual({
      options: { n_gpu_layers: null, ctx_size: null },
      request_defaults: { max_tokens: null },
    });
  });

  it('load the file of the model as Ollama would', () => {
    expect(read('PARAMETER use_mmap False\nPARAMETER use_mlock 1\nPARAMETER main_gpu 1').settings).toEqual({
      options: { load_mode: 'mlock', main_gpu: 1 },
    });
    expect(() => read('PARAMETER use_mmap maybe')).toThrow(
      'Modelfile:2: PARAMETER use_mmap must be true or false, not maybe',
    );
  });

  it.each([
    ['PARAMETER temprature 1', 'Modelfile:2: there is no PARAMETER temprature; did you mean temperature?'],
    ['PARAMETER STOP x', 'Modelfile:2: there is no PARAMETER STOP; did you mean stop?'],
  ])('refuse a mistyped parameter, as Ollama does: %s', (line, message) => {
    expect(() => read(line)).toThrow(message);
  });

  it('leave out parameters without a counterpart', () => {
    const { dropped } = read('PARAMETER xyzzy 1\nPARAMETER tfs_z 1\nPARAMETER num_gqa 8');
    expect(dropped.map(({ text }) => text)).toEqual(
      ['xyzzy', 'tfs_z', 'num_gqa'].map((key) => `PARAMETER ${key} is not used: it has no counterpart here`),
    );
  });

  it('leave out instructions without effect, each with its line and the reason', () => {
    const { dropped } = read(
      'TEMPLATE """{{ .Prompt }}\n"""\nPARAMETER num_keep 5\nMESSAGE user Hi\nLICENSE MIT\nPARSER x\nREQUIRES 0.14',
    );
    expect(dropped).toEqual([
      {
        line: 2,
        text: "TEMPLATE is not used: the chat template in the model's file is used; the option chat_template sets another",
      },
      { line: 4, text: 'PARAMETER num_keep is not used: it has no counterpart here' },
      { line: 5, text: 'MESSAGE is not used: programs send the conversation with each request' },
      { line: 6, text: 'LICENSE is not kept' },
      { line: 7, text: 'PARSER is not used: the engine reads the answers of the model itself' },
      { line: 8, text: 'REQUIRES is not used: it is a version of Ollama' },
    ]);
  });

  it('need a model', () => {
    expect(() => modelfileSettings(instructionsOf('SYSTEM x', 'm'), 'm', suggestion)).toThrow(
      'm has no FROM, which names the model',
    );
  });

  it('need numbers', () => {
    expect(() => read('PARAMETER temperature hot')).toThrow(
      'Modelfile:2: PARAMETER temperature must be a number, not hot',
    );
  });
});
