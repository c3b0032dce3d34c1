import { ConfigSchema } from '@llamactl/contract/config';
import { expect, it } from 'vitest';
import { modelEndpoints } from './model-endpoints.ts';

const config = (models: object = {}) => ConfigSchema.parse({ models }).models;

it('are the usual servers, without variables', () => {
  expect(modelEndpoints(config(), {})).toEqual({
    hub: 'https://huggingface.co',
    modelscope: 'https://www.modelscope.cn',
    ollama: 'https://registry.ollama.ai',
    docker: 'https://registry-1.docker.io',
  });
});

it('are moved by the variables of llama.cpp and of Hugging Face, in this order', () => {
  const hub = (environment: Record<string, string>): string => modelEndpoints(config(), environment).hub;
  expect(hub({ HF_ENDPOINT: 'https://mirror.example/' })).toBe('https://mirror.example');
  expect(hub({ HF_ENDPOINT: 'https://a.example', MODEL_ENDPOINT: 'http://b.example/hf/' })).toBe('http://b.example/hf');
  expect(hub({ HF_ENDPOINT: '', MODEL_ENDPOINT: 'mirror' })).toBe('https://huggingface.co');
});

it('are those of the configuration before the variables', () => {
  const models = config({ hf_endpoint: 'https://own.example/', ollama_endpoint: 'http://10.0.0.1:5000' });
  expect(modelEndpoints(models, { HF_ENDPOINT: 'https://mirror.example' })).toMatchObject({
    hub: 'https://own.example',
    ollama: 'http://10.0.0.1:5000',
  });
});
