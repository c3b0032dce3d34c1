import type { ChatRequest } from '@llamactl/client';
import { InvalidArgumentError } from 'commander';

const LEVELS = ['low', 'medium', 'high'] as const;
/** Whether a model reasons before its answer, or how much. */
export type Thinking = boolean | (typeof LEVELS)[number];

/** Reads a mode; `null`: it is none. */
export function thinkingOf(text: string): Thinking | null {
  if (text === 'true' || text === 'false') return text === 'true';
  return LEVELS.find((each) => each === text) ?? null;
}

/** Parses the value of `--think`. */
export function thinking(text: string): Thinking {
  const mode = thinkingOf(text);
  if (mode === null) throw new InvalidArgumentError(`Give true, false, ${LEVELS.join(', ')}.`);
  return mode;
}

/** The fields of a request for it. Chat templates read them; one without reasoning ignores them. */
export function thinkingFields(wish: Thinking | undefined): Partial<Pick<ChatRequest, string>> {
  if (wish === undefined) return {};
  const effort = typeof wish === 'string' ? { reasoning_effort: wish } : {};
  return { chat_template_kwargs: { enable_thinking: wish !== false, ...effort } };
}
