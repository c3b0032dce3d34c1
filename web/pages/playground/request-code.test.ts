import { describe, expect, it } from 'vitest';
import { fileNameOf, jsonOf, markdownOf } from './export-text.ts';
import { newConversation, withTurn, type Turn } from './conversation.ts';
import { entryOf, foundEntries } from './history-store.ts';
import { requestCode } from './request-code.ts';

const image = `data:image/png;base64,${'A'.repeat(500)}`;
const body = {
  model: 'chat',
  messages: [{ role: 'user', content: "It's" }],
  top_k: 5,
  stream: true,
};

describe('the request as code', () => {
  it('is a curl command whose quotes hold', () => {
    const code = requestCode('curl', { address: 'https://a.example/llm', body, needsKey: true });
    expect(code).toContain(`curl -N 'https://a.example/llm/v1/chat/completions'`);
    expect(code).toContain(`It'\\''s`);
    expect(code).toContain('Bearer $LLAMACTL_KEY');
  });

  it('is Python with its own words, and fields that the library lacks in `extra_body`', () => {
    const code = requestCode('python', { address: 'http://a', body, needsKey: false });
    expect(code).toContain('stream=True,');
    expect(code).toContain('extra_body={"top_k": 5},');
    expect(code).toContain('api_key="none"');
  });

  it('shortens images', () => {
    const content = [{ type: 'image_url', image_url: { url: image } }];
    for (const kind of ['curl', 'python', 'typescript', 'raw'] as const) {
      const seen = { ...body, messages: [{ role: 'user', content }] };
      expect(requestCode(kind, { address: 'http://a', body: seen, needsKey: false }).length).toBeLessThan(900);
    }
  });
});

describe('an exported chat', () => {
  const turn: Turn = {
    id: 'q',
    parent: null,
    role: 'user',
    text: 'Why ```?',
    reasoning: '',
    files: [{ kind: 'text', name: 'a.md', content: '```\ncode\n```' }],
    instance: null,
    state: 'done',
    error: null,
    figures: null,
    at: 5,
  };
  const chat = withTurn(newConversation({ id: 'c', instance: 'chat', createdAt: 0 }), turn);

  it('is Markdown whose fences are longer than those of a file', () => {
    expect(markdownOf(chat)).toBe('# Why ```?\n\n## user\n\na.md:\n\n````\n```\ncode\n```\n````\n\nWhy ```?\n');
  });

  it('is JSON with all branches', () => {
    expect(JSON.parse(jsonOf(chat))).toEqual(chat);
  });

  it('has a file name without signs', () => {
    expect(fileNameOf({ title: 'Was ist das? / ../x' })).toBe('was-ist-das-x');
    expect(fileNameOf({ title: '??' })).toBe('chat');
  });

  it('is found by all words of a search, in title and texts', () => {
    const entries = [entryOf(chat)];
    expect(foundEntries(entries, 'WHY chat')).toHaveLength(1);
    expect(foundEntries(entries, 'why not')).toHaveLength(0);
    expect(foundEntries(entries, ' ')).toBe(entries);
  });
});
