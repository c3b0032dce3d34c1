import type { ChatMessage, ChatRequest } from '@llamactl/client';

/** What was said so far, and how answers are asked for. */
export class Conversation {
  /** Name of the instance. */
  readonly model: string;
  /** How it is to answer; empty: as it likes. */
  system: string;
  /** Fields of the request: `temperature`, `max_tokens`, whatever the engine takes. */
  readonly settings: Map<string, unknown>;
  #said: ChatMessage[] = [];

  constructor(model: string, { system = '', settings = {} }: { system?: string; settings?: Record<string, unknown> }) {
    this.model = model;
    this.system = system;
    this.settings = new Map(Object.entries(settings).filter(([, value]) => value !== undefined));
  }

  /** What is sent to have a question answered. */
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

  /** An answer, or the part of it that was listened to, belongs to what was said. */
  note(question: string, answer: string): void {
    this.#said.push({ role: 'user', content: question }, { role: 'assistant', content: answer });
  }

  /** Forgets what was said. */
  clear(): void {
    this.#said = [];
  }
}
