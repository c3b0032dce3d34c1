import { describe, expect, it, test } from 'vitest';
import { sampleRow } from '../../testing/sample-row.ts';
import { EDITORS, editorSnippet, modelFor, modelsFor, NO_NAME } from './editor-snippets.ts';

const BASE = 'https://ai.example.com/llm/v1';
const CHAT = sampleRow({ name: 'chat', capabilities: ['chat', 'tools'], context_size: 16_384 });
const VECTORS = sampleRow({ name: 'bge', capabilities: ['embeddings'] });

describe('the model of a configuration is', () => {
  it('the first instance that can chat', () => {
    expect(modelFor(null, [VECTORS, CHAT])).toBe(CHAT);
  });

  it('an instance of the key, if the key is only for some', () => {
    const coder = sampleRow({ name: 'coder', capabilities: ['chat'] });
    expect(modelFor(['bge', 'coder'], [CHAT, VECTORS, coder])).toBe(coder);
    expect(modelFor(['bge'], [CHAT, VECTORS])).toBe(VECTORS);
    expect(modelFor(['later'], [CHAT])).toMatchObject({ name: 'later' });
  });

  it('a word to replace while there is no instance', () => {
    expect(modelFor(null, [])).toMatchObject({ name: NO_NAME });
  });
});

describe('a configuration for an editor', () => {
  it.each(EDITORS)('of %s has the address and the model', (editor) => {
    const text = editorSnippet(editor, BASE, 'llk_x', [CHAT]);
    expect(text).toContain(BASE);
    expect(text).toMatch(/\bchat\b/);
  });

  it('of Zed has no key, which Zed keeps elsewhere, and the context of the instance', () => {
    const text = editorSnippet('zed', BASE, 'llk_x', [CHAT]);
    expect(text).not.toContain('llk_x');
    expect(JSON.parse(text)).toMatchObject({
      language_models: {
        openai_compatible: {
          llamactl: {
            api_url: BASE,
            available_models: [{ name: 'chat', max_tokens: 16_384, capabilities: { tools: true, images: false } }],
          },
        },
      },
    });
  });

  it('of VS Code is one provider, whose tokens fit into the context', () => {
    expect(JSON.parse(editorSnippet('vsCode', BASE, 'llk_x', [CHAT]))).toMatchObject([
      {
        vendor: 'customendpoint',
        apiKey: 'llk_x',
        models: [{ id: 'chat', url: `${BASE}/chat/completions`, maxInputTokens: 12_288, maxOutputTokens: 4_096 }],
      },
    ]);
  });

  it('of Continue quotes the name of a model that YAML would read as something else', () => {
    const text = editorSnippet('continue', BASE, 'llk_x', [{ ...CHAT, name: 'on' }]);
    expect(text).toContain('model: "on"');
    expect(text).toContain('apiKey: llk_x');
    expect(editorSnippet('continue', BASE, 'llk_x', [VECTORS])).toContain('roles: [embed]');
  });
});

test('the command that tests a key has the key itself', () => {
  const text = editorSnippet('curl', BASE, 'llk_x', [CHAT]);
  expect(text).toContain('Authorization: Bearer llk_x');
  expect(text).not.toContain('$');
});

describe('the models of a configuration', () => {
  const coder = sampleRow({ name: 'coder', capabilities: ['chat'] });

  it('are all instances that the key names, those that can chat first', () => {
    expect(modelsFor(['bge', 'coder', 'chat'], [CHAT, VECTORS, coder]).map(({ name }) => name)).toEqual([
      'chat',
      'coder',
      'bge',
    ]);
  });

  it('are one if the key is for every instance', () => {
    expect(modelsFor(null, [CHAT, VECTORS, coder])).toEqual([CHAT]);
  });

  it('stand in it with their roles, and in an editor that only chats without embeddings', () => {
    const text = editorSnippet('continue', BASE, 'llk_x', [CHAT, VECTORS]);
    expect(text.match(/model: .*|roles: .*/g)).toEqual([
      'model: "chat"',
      'roles: [chat, edit, apply]',
      'model: "bge"',
      'roles: [embed]',
    ]);
    expect(editorSnippet('zed', BASE, 'llk_x', [CHAT, coder, VECTORS])).toMatch(/"chat"[^]*"coder"/);
    expect(editorSnippet('vsCode', BASE, 'llk_x', [CHAT, VECTORS])).not.toContain('bge');
  });
});
