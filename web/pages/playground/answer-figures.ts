import type { ChatChunk } from '@llamactl/client';

/** How quick an answer was. `null`: not known. */
export interface AnswerFigures {
  /** Seconds from the request to the first token. */
  firstToken: number | null;
  /** The part of it in which the instance started; absent: `queue` has it too. Chats of earlier versions do not say. */
  start?: number | undefined;
  /** The part of it in which the request waited for its turn. */
  queue: number | null;
  /** The part of it in which the engine read the prompt. */
  prompt: number | null;
  /** Tokens of the answer; counted chunks if the engine did not say. */
  tokens: number;
  promptTokens: number | null;
  tokensPerSecond: number | null;
  /** Seconds from the request to the end. */
  seconds: number;
}

/**
 * The figures of an answer in two parts. The second request had the first part in its prompt; times and speed are those
 * of the second part.
 */
export function figuresTogether(first: AnswerFigures | null, second: AnswerFigures): AnswerFigures {
  if (first === null) return second;
  const { promptTokens } = second;
  return {
    ...second,
    tokens: first.tokens + second.tokens,
    promptTokens: promptTokens === null ? first.promptTokens : Math.max(0, promptTokens - first.tokens),
  };
}

/** How long a request waited, in seconds: for the start of its instance, and for its turn. */
export interface Waits {
  starting: number;
  queued: number;
}

/** Measures one answer from its chunks. All times are milliseconds of one clock. */
export class AnswerMeter {
  readonly #begun: number;
  #first: number | null = null;
  #last = 0;
  #pieces = 0;
  #usage: { prompt_tokens: number; completion_tokens: number } | null = null;
  #timings: Readonly<Record<string, unknown>> = {};
  #waits: { start: number; queue: number } | null = null;

  constructor(begun: number) {
    this.#begun = begun;
  }

  /** Counts a chunk that arrived at `now`. */
  add(chunk: ChatChunk, now: number): void {
    if (chunk.choices.some(({ delta }) => isText(delta.content) || isText(delta.reasoning_content))) {
      this.#first ??= now;
      this.#last = now;
      this.#pieces += 1;
    }
    if (chunk.usage !== undefined && chunk.usage !== null) this.#usage = chunk.usage;
    if (chunk.timings !== undefined) this.#timings = chunk.timings;
  }

  /** Takes the waits that llamactl measured, in seconds; `null`: it does not say. */
  waited(record: Waits | null): void {
    if (record !== null) this.#waits = { start: record.starting, queue: record.queued };
  }

  /** The figures up to `now`. The engine's own measurements win, since the network does not change them. */
  figures(now: number): AnswerFigures {
    const firstToken = this.#first === null ? null : (this.#first - this.#begun) / 1_000;
    const promptMs = numberOf(this.#timings['prompt_ms']);
    const prompt = promptMs === null ? null : promptMs / 1_000;
    return {
      firstToken,
      queue: firstToken === null || prompt === null ? null : Math.max(0, firstToken - prompt),
      ...this.#waits,
      prompt,
      tokens: this.#usage?.completion_tokens ?? numberOf(this.#timings['predicted_n']) ?? this.#pieces,
      promptTokens: this.#usage?.prompt_tokens ?? null,
      tokensPerSecond: numberOf(this.#timings['predicted_per_second']) ?? this.#countedRate(),
      seconds: (now - this.#begun) / 1_000,
    };
  }

  /** The first piece marks the begin, so it does not count. */
  #countedRate(): number | null {
    const seconds = this.#first === null ? 0 : (this.#last - this.#first) / 1_000;
    return seconds > 0 && this.#pieces > 1 ? (this.#pieces - 1) / seconds : null;
  }
}

function isText(value: string | null | undefined): boolean {
  return typeof value === 'string' && value !== '';
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
