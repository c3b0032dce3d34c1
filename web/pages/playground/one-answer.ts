import type { ChatRequest } from '@llamactl/client';
import { ValueStore } from '../../lib/value-store.ts';
import type { AnswerFigures } from './answer-figures.ts';
import type { AnswerReading, AnswerSoFar } from './answer-stream.ts';
import { limitOf } from './chat-body.ts';
import type { AnswerLimit, TurnError, TurnState } from './conversation.ts';
import { turnError } from './turn-error.ts';

/** One answer outside of a conversation. */
export interface Answer {
  state: TurnState;
  text: string;
  reasoning: string;
  figures: AnswerFigures | null;
  error: TurnError | null;
  /** The limit that cut it; `null`: none did. */
  limit: AnswerLimit | null;
}

/** Effects of a {@link OneAnswer}. */
export interface AnswerEffects {
  /** Reads an answer; see `readAnswer`. */
  read: (reading: Pick<AnswerReading, 'body' | 'signal' | 'onPart'>) => Promise<AnswerSoFar>;
  /** Calls back before the next frame is painted. */
  nextFrame: (paint: () => void) => void;
}

/** Owns one answer that comes, and its end. */
export class OneAnswer {
  /** `null`: nothing was asked yet. */
  readonly answer = new ValueStore<Answer | null>(null);
  readonly #effects: AnswerEffects;
  #abort: AbortController | null = null;

  constructor(effects: AnswerEffects) {
    this.#effects = effects;
  }

  /** Asks, in place of an earlier question. Resolves when the answer has ended, in whatever way. */
  async ask(body: ChatRequest): Promise<void> {
    this.stop();
    const abort = new AbortController();
    this.#abort = abort;
    let sofar: Answer = { state: 'streaming', text: '', reasoning: '', figures: null, error: null, limit: null };
    let isFrameAsked = false;
    const show = (): void => {
      isFrameAsked = false;
      if (this.#abort === abort) this.answer.set(sofar);
    };
    const onPart = ({ text, reasoning, figures }: AnswerSoFar): void => {
      sofar = { ...sofar, text, reasoning, figures };
      if (isFrameAsked) return;
      isFrameAsked = true;
      this.#effects.nextFrame(show);
    };
    show();
    try {
      const { isCut, ...whole } = await this.#effects.read({ body, signal: abort.signal, onPart });
      sofar = { ...sofar, ...whole, state: 'done', limit: limitOf(body, isCut) };
    } catch (error) {
      sofar = abort.signal.aborted
        ? { ...sofar, state: 'stopped' }
        : { ...sofar, state: 'failed', error: turnError(error) };
    }
    show();
  }

  /** Ends the answer. Its text so far stays. */
  stop(): void {
    this.#abort?.abort();
  }
}
