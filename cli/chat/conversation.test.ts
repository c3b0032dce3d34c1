import { describe, expect, it } from 'vitest';
import { Conversation } from './conversation.ts';

describe('a conversation', () => {
  it('sends earlier messages and its settings', () => {
    const conversation = new Conversation('qwen', {
      system: 'Be brief.',
      settings: { temperature: 0, top_p: undefined },
    });
    conversation.note('one?', 'One.');
    expect(conversation.request('two?')).toEqual({
      model: 'qwen',
      temperature: 0,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'one?' },
        { role: 'assistant', content: 'One.' },
        { role: 'user', content: 'two?' },
      ],
    });
  });

  it('forgets messages, but keeps the system prompt', () => {
    const conversation = new Conversation('qwen', { system: 'Be brief.' });
    conversation.note('one?', 'One.');
    conversation.clear();
    expect(conversation.request('two?').messages).toHaveLength(2);
  });

  it('protects its own request fields from settings', () => {
    const conversation = new Conversation('qwen', { settings: { model: 'other', messages: [] } });
    expect(conversation.request('one?')).toEqual({ model: 'qwen', messages: [{ role: 'user', content: 'one?' }] });
  });
});
