import type { ChatMessage, ChatRequest } from '@llamactl/client';
import type { AnswerLimit, Conversation, Turn } from './conversation.ts';
import { parameterFields } from './parameters.ts';

/**
 * Returns the request for the answer after some turns.
 *
 * @param turns The turns of the chosen branches. Answers without text are left out, since templates refuse them. If the
 *   last one is an answer, the instance adds to it.
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
    ...(turns.at(-1)?.role === 'assistant' ? ADDED : {}),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** Returns the limit that cut an answer; `null`: none did. @param isCut Whether a limit of tokens ended it. */
export function limitOf(body: ChatRequest, isCut: boolean): AnswerLimit | null {
  if (!isCut) return null;
  return body['max_tokens'] === undefined ? 'instance' : 'max_tokens';
}

/**
 * Fields with which vLLM and llama-server add to the last answer instead of beginning a new one. llama-server refuses
 * that to models that could begin with thoughts, unless they must not.
 */
const ADDED = {
  add_generation_prompt: false,
  continue_final_message: true,
  chat_template_kwargs: { enable_thinking: false },
};

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
