import { ConfigSchema } from '@llamactl/contract/config';
import { describe, expect, it } from 'vitest';
import { endpointSetting, isTokenForHub, modelEndpoints } from './model-endpoints.ts';

const config = (models: object = {}) => ConfigSchema.parse({ models }).models;

describe('the addresses of the servers', () => {
  it('are the usual ones without variables', () => {
    expect(modelEndpoints(config(), {})).toEqual({
      hub: 'https://huggingface.co',
      modelscope: 'https://www.modelscope.cn',
      ollama: 'https://registry.ollama.ai',
      docker: 'https://registry-1.docker.io',
    });
  });

  it('come from the configuration before the variables', () => {
    const models = config({ hf_endpoint: 'https://own.example/', ollama_endpoint: 'http://10.0.0.1:5000' });
    expect(modelEndpoints(models, { HF_ENDPOINT: 'https://mirror.example' })).toMatchObject({
      hub: 'https://own.example',
      ollama: 'http://10.0.0.1:5000',
    });
  });
});

describe('the setting of a server', () => {
  it('is found by its origin', () => {
    const endpoints = modelEndpoints(config({ hf_endpoint: 'https://own.example/hf/' }), {});
    expect(endpointSetting(endpoints, 'https://own.example')).toBe('models.hf_endpoint');
    expect(endpointSetting(endpoints, 'https://registry.ollama.ai')).toBe('models.ollama_endpoint');
    expect(endpointSetting(endpoints, 'https://elsewhere.example')).toBeNull();
  });
});

describe('the address of the usual hub', () => {
  const hub = (environment: Record<string, string>, models: object = {}): string =>
    modelEndpoints(config(models), environment).hub;

  it('is moved by the variables of llama.cpp and of Hugging Face, in this order', () => {
    const both = { HF_ENDPOINT: 'https://a.example', MODEL_ENDPOINT: 'http://b.example/hf/' };
    expect(hub({ HF_ENDPOINT: 'https://mirror.example/' })).toBe('https://mirror.example');
    expect(hub(both)).toBe('http://b.example/hf');
  });

  it.each(['https://huggingface.co/', 'https://HuggingFace.co:443'])('is moved when it is written %s', (written) => {
    expect(hub({ HF_ENDPOINT: 'https://mirror.example' }, { hf_endpoint: written })).toBe('https://mirror.example');
  });

  it.each([
    '',
    'mirror',
    'ftp://a.example',
    'https://me:secret@a.example',
    'https://a.example/#x',
    'https://a.example?x=1',
  ])('is not moved by %j, which the setting could not be', (HF_ENDPOINT) => {
    expect(hub({ HF_ENDPOINT })).toBe('https://huggingface.co');
    expect(hub({ MODEL_ENDPOINT: HF_ENDPOINT, HF_ENDPOINT: 'https://b.example' })).toBe('https://b.example');
  });
});

describe('the token of the configuration', () => {
  it('is for the hub of the configuration, and for one of the environment only from there', () => {
    const moved = { HF_ENDPOINT: 'https://mirror.example' };
    expect(isTokenForHub(config(), {})).toBe(true);
    expect(isTokenForHub(config({ hf_endpoint: 'https://own.example' }), moved)).toBe(true);
    expect(isTokenForHub(config(), { HF_ENDPOINT: 'https://huggingface.co/' })).toBe(true);
    expect(isTokenForHub(config(), moved)).toBe(false);
    expect(isTokenForHub(config(), { ...moved, LLAMACTL_MODELS_HF_TOKEN: 'hf_a' })).toBe(true);
    expect(isTokenForHub(config(), { ...moved, LLAMACTL_MODELS_HF_TOKEN_FILE: '' })).toBe(false);
  });
});
