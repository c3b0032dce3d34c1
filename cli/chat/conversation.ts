import type { ChatMessage, ChatRequest } from '@llamactl/client';

/** The messages of a conversation, and the settings of its requests. */
export class Conversation {
  /** Name of the instance. */
  readonly model: string;
  /** The system prompt; empty: none. */
  system: string;
  /** Request fields such as `temperature` and `max_tokens`; the engine defines them. */
  readonly settings: Map<string, unknown>;
  #said: ChatMessage[] = [];

  constructor(model: string, { system = '', settings = {} }: { system?: string; settings?: Record<string, unknown> }) {
    this.model = model;
    this.system = system;
    this.settings = new Map(Object.entries(settings).filter(([, value]) => value !== undefined));
  }

  /** The request for the next answer. */
  request(question: string): ChatRequest {
    const { model, system } = this;
    return {
      ...Object.fromEntries(this.settings),
      model,
      messages: [
        ...(system === '' ? [] : [{ role: 'system' as const, content: system }]),
        ...this.#said,
        { role: 'user', content: question },
      ],
    };
  }

  /** Adds a question and its answer to the conversation. The answer may be incomplete. */
  note(question: string, answer: string): void {
    this.#said.push({ role: 'user', content: question }, { role: 'assistant', content: answer });
  }

  /** Forgets all messages. */
  clear(): void {
    this.#said = [];
  }
}
