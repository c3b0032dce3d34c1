import { describe, expect, it } from 'vitest';
import { apiBase, SNIPPETS, snippetOf, type Use } from './snippets.ts';

const USE: Use = { base: 'https://ai.example.com/llm/v1', model: 'chat', needsKey: true, isEmbedding: false };

describe('the address for programs', () => {
  it.each([
    ['http://127.0.0.1:8080/#/instances/chat?tab=use', 'http://127.0.0.1:8080/v1'],
    ['https://ai.example.com/llm/#/instances/chat', 'https://ai.example.com/llm/v1'],
  ])('of the page %s is %s', (page, base) => {
    expect(apiBase(page)).toBe(base);
  });
});

describe('a program to copy', () => {
  it.each(SNIPPETS)('for %s has the address and the name', (snippet) => {
    const text = snippetOf(snippet, USE);
    expect(text).toContain(USE.base);
    expect(text).toContain('chat');
  });

  it.each(['curl', 'python', 'typescript'] as const)(
    'for %s takes the key from the environment, if one is needed',
    (snippet) => {
      expect(snippetOf(snippet, USE)).toContain('LLAMACTL_API_KEY');
      expect(snippetOf(snippet, { ...USE, needsKey: false })).not.toContain('LLAMACTL_API_KEY');
    },
  );

  it('asks for vectors of an instance that only has these', () => {
    expect(snippetOf('curl', { ...USE, isEmbedding: true })).toContain('/v1/embeddings');
  });
});

it('curl gets a body that a shell passes on unchanged', () => {
  const [, body = ''] = /-d '(.*)'$/.exec(snippetOf('curl', USE)) ?? [];
  expect(JSON.parse(body)).toEqual({ model: 'chat', messages: [{ role: 'user', content: 'Hello' }] });
});
