import type { ChatMessage, ChatRequest } from '@llamactl/client';
import type { Conversation, Turn } from './conversation.ts';
import { parameterFields } from './parameters.ts';

/**
 * Returns the request for the answer after some turns.
 *
 * @param turns The turns of the chosen branches. Answers without text are left out, since templates refuse them.
 */
export function chatBody(
  { instance, system, parameters }: Pick<Conversation, 'instance' | 'system' | 'parameters'>,
  turns: readonly Turn[],
): ChatRequest {
  const messages: ChatMessage[] = system.trim() === '' ? [] : [{ role: 'system', content: system }];
  for (const turn of turns) {
    if (turn.role === 'user') messages.push({ role: 'user', content: contentOf(turn) });
    else if (turn.text !== '') messages.push({ role: 'assistant', content: turn.text });
  }
  return {
    model: instance,
    messages,
    ...parameterFields(parameters),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** Text files stand before the question, as a model reads them; images are parts of their own. */
function contentOf({ text, files }: Turn): unknown {
  const texts = files.filter(({ kind }) => kind === 'text').map(({ name, content }) => `${name}:\n\n${content}`);
  const whole = [...texts, text].filter((part) => part !== '').join('\n\n');
  const images = files.filter(({ kind }) => kind === 'image');
  if (images.length === 0) return whole;
  return [
    ...images.map(({ content }) => ({ type: 'image_url', image_url: { url: content } })),
    ...(whole === '' ? [] : [{ type: 'text', text: whole }]),
  ];
}
