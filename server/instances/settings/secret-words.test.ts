import { describe, expect, it } from 'vitest';
import { maskedOptions, maskedWords } from './secret-words.ts';

describe('maskedWords', () => {
  it.each([
    ['a flag and its value', ['--hf-token', 'S', '--port', '1'], ['--hf-token', '***', '--port', '1']],
    ['both in one word', ['--api-key=S=S'], ['--api-key=***']],
    [
      'underscores, which engines take for dashes',
      ['--hf_token', 'S', '--API_KEY', 'S'],
      ['--hf_token', '***', '--API_KEY', '***'],
    ],
    ['a short flag', ['-hft', 'S'], ['-hft', '***']],
    [
      'other names of secrets',
      ['--ssl-keyfile-password', 'S', '--aws-secret-access-key', 'S'],
      ['--ssl-keyfile-password', '***', '--aws-secret-access-key', '***'],
    ],
    ['a variable before a program', ['env', 'HF_TOKEN=S', 'serve'], ['env', 'HF_TOKEN=***', 'serve']],
    ['the login of a URL', ['--url', 'https://me:S@host/x@y'], ['--url', 'https://***@host/x@y']],
  ])('masks %s', (_what, words, shown) => {
    expect(maskedWords(words)).toEqual(shown);
  });

  it('keeps words that only look like secrets', () => {
    const words = [
      'serve',
      'token',
      'plain',
      '--max-tokens',
      '5',
      '--n-predict=3',
      '=x',
      '--',
      'https://host/a@b',
      '-m',
      '/a=b.gguf',
    ];
    expect(maskedWords(words)).toEqual(words);
  });
});

describe('maskedOptions', () => {
  it('masks secrets, and keeps all other values', () => {
    const options = {
      hf_token: 'S',
      api_key: ['S', 'S'],
      password: 5,
      model_url: 'https://me:S@host/m.gguf',
      lora: ['https://me:S@host/l', 3],
      ctx_size: 0,
      max_tokens: 5,
      token: true,
    };
    expect(maskedOptions(options)).toEqual({
      ...options,
      hf_token: '***',
      api_key: ['***', '***'],
      password: '***',
      model_url: 'https://***@host/m.gguf',
      lora: ['https://***@host/l', 3],
    });
  });
});
