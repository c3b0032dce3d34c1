import type { ChatChunk, ChatRequest } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { plain } from '../text.ts';
import { answerFigures } from './answer-figures.ts';

/** What came of a question. */
export interface Answer {
  /** What was said, without the reasoning before it. */
  text: string;
  /** Whether anything came at all. */
  hasBegun: boolean;
  /** What ended it before it was whole; `null`: it is whole. */
  failure: { error: unknown } | null;
}

/** How an answer is shown. */
export interface AnswerTerms {
  /** Figures about it on standard error. */
  isVerbose: boolean;
  /** Ends it. */
  signal: AbortSignal;
}

/** Asks, and shows the answer as it comes: the text on standard output, reasoning only on a terminal. Never rejects. */
export async function giveAnswer(
  { client, terminal, now }: Pick<Session, 'client' | 'terminal' | 'now'>,
  request: ChatRequest,
  { isVerbose, signal }: AnswerTerms,
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
      // Nobody reads it any more, as behind `| head`; to stop reading stops the engine.
      if (!terminal.streams.stdout.writable) break;
      if (terminal.isJson) terminal.printJsonLine(chunk);
      usage = chunk.usage ?? usage;
      timings = chunk.timings ?? timings;
      for (const { delta, finish_reason: reason } of chunk.choices) {
        const { content, reasoning_content: thought } = delta;
        if (content || thought) first ??= now();
        if (thought) view?.think(thought);
        if (content) view?.say(content);
        text += content ?? '';
        finish = reason ?? finish;
      }
    }
  } catch (error) {
    failure = { error };
  }
  view?.end();
  if (finish === 'length') terminal.note(terminal.style.faint('(cut off: the limit of tokens was reached)'));
  if (isVerbose && failure === null)
    terminal.warn(terminal.style.faint(answerFigures({ asked, first, last: now() }, { usage, timings })));
  return { text, hasBegun: first !== null, failure };
}

/** An answer on its way to a person or a file. */
class AnswerView {
  readonly #terminal: Session['terminal'];
  #state: 'nothing' | 'thinking' | 'thought' | 'saying' = 'nothing';
  #endsLine = true;

  constructor(terminal: Session['terminal']) {
    this.#terminal = terminal;
  }

  /** Reasoning is not the answer: whoever reads it by a program does not want it. */
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
    // Behind reasoning, models begin with empty lines of their own.
    const said = this.#state === 'thought' ? text.replace(/^\s+/, '') : text;
    if (said === '') return;
    this.#state = 'saying';
    this.#write(isInteractive ? plain(said, 'many lines') : said);
    this.#endsLine = said.endsWith('\n');
  }

  /** Whatever follows begins on a line of its own. */
  end(): void {
    if (this.#state === 'thinking' || !this.#endsLine) this.#write('\n');
  }

  #write(text: string): void {
    if (text !== '') this.#terminal.write(text);
  }
}
