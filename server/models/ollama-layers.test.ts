import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_LAYERS, readLayers } from './ollama-layers.ts';

const NOTHING = { system_prompt: null, request_defaults: {}, other_parameters: {} };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'llamactl-layers-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(name: string, text: string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
}

describe('the layers of a model of Ollama', () => {
  it('are settings of an instance', async () => {
    const system = await put('system', 'You are a pirate.\n');
    const params = await put(
      'params',
      JSON.stringify({ temperature: 0.2, stop: ['<|im_end|>'], num_predict: 100, num_ctx: 4_096 }),
    );
    expect(await readLayers({ ...NO_LAYERS, system, params })).toEqual({
      system_prompt: 'You are a pirate.',
      request_defaults: { temperature: 0.2, stop: ['<|im_end|>'], max_tokens: 100 },
      other_parameters: { num_ctx: 4_096 },
    });
  });

  it('have messages and licenses', async () => {
    const said = [{ role: 'user', content: 'Hi' }];
    const messages = await put('messages', JSON.stringify(said));
    const licenses = [await put('mit', 'MIT'), '/nowhere', await put('terms', 'Terms')];
    expect(await readLayers({ ...NO_LAYERS, messages, licenses })).toEqual({
      ...NOTHING,
      messages: said,
      license: 'MIT\n\nTerms',
    });
    for (const text of ['no JSON', '{}', '[1]'])
      expect(await readLayers({ ...NO_LAYERS, messages: await put('messages', text) })).toEqual(NOTHING);
  });

  it('limit no answer if Ollama would not', async () => {
    const params = await put('params', '{"num_predict":-1}');
    expect(await readLayers({ ...NO_LAYERS, params })).toEqual({ ...NOTHING, other_parameters: { num_predict: -1 } });
  });

  it.each([
    ['none', null, null],
    ['missing', '/nowhere', '/nowhere'],
  ])('may be %s', async (_what, system, params) => {
    expect(await readLayers({ ...NO_LAYERS, system, params })).toEqual(NOTHING);
  });

  it('may be damaged, empty, or too long for an instance', async () => {
    const params = await put('params', 'no JSON');
    for (const text of ['', ' \n', 'x'.repeat(65_537)]) {
      expect(await readLayers({ ...NO_LAYERS, system: await put('system', text), params })).toEqual(NOTHING);
    }
  });
});
