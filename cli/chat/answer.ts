import type { ChatChunk, ChatRequest } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { plain } from '../screen/text.ts';
import { answerFigures } from './answer-figures.ts';

/** The outcome of a question. */
export interface Answer {
  /** The answer, without the reasoning before it. */
  text: string;
  /** Whether any token arrived. */
  hasBegun: boolean;
  /** The error that cut it off; `null`: the answer is complete. */
  failure: { error: unknown } | null;
}

/** How to show an answer. */
export interface AnswerTerms {
  /** Print statistics on standard error. */
  isVerbose: boolean;
  /** Do not show reasoning. */
  hidesThinking: boolean;
  /** Stops the answer. */
  signal: AbortSignal;
}

/**
 * Sends a question, and streams the answer to standard output; reasoning is shown only on a terminal. Never rejects.
 */
export async function giveAnswer(
  { client, terminal, now }: Pick<Session, 'client' | 'terminal' | 'now'>,
  request: ChatRequest,
  { isVerbose, hidesThinking, signal }: AnswerTerms,
): Promise<Answer> {
  const counted = isVerbose ? { ...request, stream_options: { include_usage: true } } : request;
  const view = terminal.isJson ? null : new AnswerView(terminal);
  const asked = now();
  let first: number | null = null;
  let usage: ChatChunk['usage'] = null;
  let timings: ChatChunk['timings'];
  let finish: string | null = null;
  let text = '';
  let failure: Answer['failure'] = null;
  try {
    for await (const chunk of client.chat(counted, { signal })) {
      // The reader is gone, as with `| head`. Leaving the loop cancels the request and so stops the engine.
      if (!terminal.streams.stdout.writable) break;
      if (terminal.isJson) terminal.printJsonLine(chunk);
      usage = chunk.usage ?? usage;
      timings = chunk.timings ?? timings;
      for (const { delta, finish_reason: reason } of chunk.choices) {
        const { content, reasoning_content: thought } = delta;
        if (content || thought) first ??= now();
        if (thought && !hidesThinking) view?.think(thought);
        if (content) view?.say(content);
        text += content ?? '';
        finish = reason ?? finish;
      }
    }
  } catch (error) {
    failure = { error };
  }
  view?.end();
  if (finish === 'length') terminal.note(terminal.style.faint('(cut off at the token limit)'));
  if (isVerbose && failure === null)
    terminal.warn(terminal.style.faint(answerFigures({ asked, first, last: now() }, { usage, timings })));
  return { text, hasBegun: first !== null, failure };
}

/** Streams an answer to a person or a file. */
class AnswerView {
  readonly #terminal: Session['terminal'];
  #state: 'nothing' | 'thinking' | 'thought' | 'saying' = 'nothing';
  #endsLine = true;

  constructor(terminal: Session['terminal']) {
    this.#terminal = terminal;
  }

  /** Shows reasoning, but only on a terminal: programs want the answer alone. */
  think(text: string): void {
    const { isInteractive, style } = this.#terminal;
    if (!isInteractive) return;
    if (this.#state !== 'thinking') this.#write(style.faint('thinking: '));
    this.#state = 'thinking';
    this.#write(style.faint(plain(text, 'many lines')));
  }

  say(text: string): void {
    const { isInteractive } = this.#terminal;
    if (this.#state === 'thinking') {
      this.#write('\n\n');
      this.#state = 'thought';
    }
    // Models begin with empty lines after their reasoning.
    const said = this.#state === 'thought' ? text.replace(/^\s+/, '') : text;
    if (said === '') return;
    this.#state = 'saying';
    this.#write(isInteractive ? plain(said, 'many lines') : said);
    this.#endsLine = said.endsWith('\n');
  }

  /** Ends the last line, so that later output begins on a new one. */
  end(): void {
    if (this.#state === 'thinking' || !this.#endsLine) this.#write('\n');
  }

  #write(text: string): void {
    if (text !== '') this.#terminal.write(text);
  }
}
