import { describe, expect, it } from 'vitest';
import { chatBody } from './chat-body.ts';
import type { Turn } from './conversation.ts';
import { parameterFields, problemOf } from './parameters.ts';

function turn(role: Turn['role'], text: string, files: Turn['files'] = []): Turn {
  const rest = { reasoning: 'thought', instance: null, error: null, figures: null, at: 0 } as const;
  return { ...rest, id: text, parent: null, role, text, files, state: 'done' };
}

describe('the request of a chat', () => {
  it('begins with the system prompt, and leaves out thoughts and empty answers', () => {
    const settings = { instance: 'chat', system: 'Be short.', parameters: { temperature: '0.5' } };
    const body = chatBody(settings, [
      turn('user', 'a'),
      turn('assistant', ''),
      turn('assistant', 'b'),
      turn('user', 'c'),
    ]);
    expect(body).toEqual({
      model: 'chat',
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
        { role: 'user', content: 'c' },
      ],
      temperature: 0.5,
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  it('has text files before the question, and images as parts', () => {
    const files = [
      { kind: 'text', name: 'a.txt', content: 'words' },
      { kind: 'image', name: 'b.png', content: 'data:image/png;base64,AA' },
    ] as const;
    const { messages } = chatBody({ instance: 'chat', system: '', parameters: {} }, [turn('user', 'See?', files)]);
    expect(messages[0]?.content).toEqual([
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } },
      { type: 'text', text: 'a.txt:\n\nwords\n\nSee?' },
    ]);
  });
});

describe('parameters', () => {
  it('are sent as far as they are valid; empty ones are left to the instance', () => {
    const texts = { temperature: '0', top_p: '', top_k: '4.5', max_tokens: '100', seed: 'x', stop: 'END\n\n###' };
    expect(parameterFields(texts)).toEqual({ temperature: 0, max_tokens: 100, stop: ['END', '###'] });
  });

  it('take a decimal comma too', () => {
    expect(parameterFields({ temperature: '0,5' })).toEqual({ temperature: 0.5 });
  });

  it.each([
    ['', null],
    ['0.5', null],
    ['2', 'range'],
    ['-1', 'range'],
    ['much', 'number'],
  ])('of 0 to 1: %j is refused as %s', (text, kind) => {
    expect(problemOf({ least: 0, most: 1, isWhole: false }, text)?.kind ?? null).toBe(kind);
  });

  it('that are whole refuse a fraction', () => {
    expect(problemOf({ least: 0, most: 9, isWhole: true }, '1.5')?.kind).toBe('whole');
  });
});
