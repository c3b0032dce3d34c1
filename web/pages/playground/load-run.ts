import type { ChatRequest } from '@llamactl/client';
import { plainErrorText } from '../../lib/error-text.ts';
import { ValueStore } from '../../lib/value-store.ts';
import type { AnswerFigures } from './answer-figures.ts';
import type { AnswerEffects } from './one-answer.ts';
import { percentile } from './percentiles.ts';

/** A load test: how many answers, and how many of them at once. */
export interface LoadPlan {
  body: ChatRequest;
  atOnce: number;
  answers: number;
}

/** A load test as far as it is. */
export interface LoadState {
  plan: LoadPlan;
  /** Milliseconds of the clock of the effects. */
  begun: number;
  /** `null`: it runs. */
  ended: number | null;
  /** Figures of the answers that ended well. */
  figures: readonly AnswerFigures[];
  /** Tokens of the answers that come now. */
  tokensNow: number;
  /** Sentences of the answers that failed. */
  failures: readonly string[];
}

/** A measure of many answers: half of them are at most `median`, 95 of 100 at most `slowest`. */
export interface Spread {
  median: number | null;
  slowest: number | null;
}

/** Figures of a load test. Times in seconds. */
export interface LoadFigures {
  /** Tokens per second of all answers together. */
  together: number;
  each: Spread;
  firstToken: Spread;
  whole: Spread;
}

/** Effects of a {@link LoadRun}. `now` is a steady clock in milliseconds. */
export interface LoadEffects extends AnswerEffects {
  now: () => number;
}

/** Owns a load test. */
export class LoadRun {
  /** `null`: none was begun. */
  readonly state = new ValueStore<LoadState | null>(null);
  readonly #effects: LoadEffects;
  #abort = new AbortController();

  constructor(effects: LoadEffects) {
    this.#effects = effects;
  }

  /** Runs a test to its end. */
  async run(plan: LoadPlan): Promise<void> {
    const { read, now, nextFrame } = this.#effects;
    const abort = new AbortController();
    this.#abort = abort;
    let state: LoadState = { plan, begun: now(), ended: null, figures: [], tokensNow: 0, failures: [] };
    const coming = new Map<number, number>();
    let isFrameAsked = false;
    const show = (): void => {
      isFrameAsked = false;
      const tokensNow = [...coming.values()].reduce((sum, tokens) => sum + tokens, 0);
      if (this.#abort === abort) this.state.set({ ...state, tokensNow });
    };
    const answer = async (index: number): Promise<void> => {
      const onPart = ({ figures }: { figures: AnswerFigures }): void => {
        coming.set(index, figures.tokens);
        if (!isFrameAsked) nextFrame(show);
        isFrameAsked = true;
      };
      try {
        const { figures } = await read({ body: plan.body, signal: abort.signal, onPart });
        state = { ...state, figures: [...state.figures, figures] };
      } catch (error) {
        if (!abort.signal.aborted) state = { ...state, failures: [...state.failures, plainErrorText(error)] };
      }
      coming.delete(index);
      show();
    };
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < plan.answers && !abort.signal.aborted) {
        next += 1;
        await answer(next);
      }
    };
    show();
    await Promise.all(Array.from({ length: Math.min(plan.atOnce, plan.answers) }, work));
    state = { ...state, ended: now() };
    show();
  }

  stop(): void {
    this.#abort.abort();
  }
}

/** Returns the figures of a test up to `now`. */
export function loadFigures({ begun, ended, figures, tokensNow }: LoadState, now: number): LoadFigures {
  const seconds = ((ended ?? now) - begun) / 1_000;
  const tokens = figures.reduce((sum, each) => sum + each.tokens, tokensNow);
  return {
    together: seconds > 0 ? tokens / seconds : 0,
    each: spreadOf(figures.map(({ tokensPerSecond }) => tokensPerSecond)),
    firstToken: spreadOf(figures.map(({ firstToken }) => firstToken)),
    whole: spreadOf(figures.map((each) => each.seconds)),
  };
}

function spreadOf(values: readonly (number | null)[]): Spread {
  const known = values.filter((value) => value !== null);
  return { median: percentile(known, 0.5), slowest: percentile(known, 0.95) };
}
