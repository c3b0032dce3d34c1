import type { RequestFigures } from '@llamactl/contract/requests';
import { CLOSE_OBJECT, OPEN_OBJECT } from '../json-bytes.ts';

/** Tokens of one answer, as far as they are known. */
export interface Tokens {
  /** Tokens of the prompt, including those from the engine's cache; `null`: the engine did not report them. */
  in: number | null;
  /** Generated tokens; `null`: the engine did not report them, and no pieces were counted. */
  out: number | null;
  /** Whether `out` is a count of pieces, because the engine reported no tokens, or not those of the whole answer. */
  isEstimated: boolean;
}

/** Reads the parts of one answer. Keeps only some text, because a report may be split between two parts. */
export interface UsageReader {
  /** Reads a part. @returns whether the part contains generated text, as far as that can be recognised */
  read(chunk: Buffer): boolean;
  /** Returns the tokens up to now. */
  tokens(): Tokens;
  /** Returns the tokens of the prompt that the engine did not compute again; `null`: it has not reported them. */
  cached(): number | null;
  /** Returns the seconds in which the engine computed the prompt; `null`: it has not reported them. */
  promptSeconds(): number | null;
}

/** The figures of an engine's last report. */
interface TokenReport {
  in: number | null;
  out: number | null;
  cached: number | null;
  /** Milliseconds. */
  promptMs: number | null;
}

/**
 * Matches reports and generated pieces in all supported formats. Reports are `usage` of OpenAI and Anthropic, and `timings`
 * of llama-server. Pieces are text, reasoning and tool calls in chat, completions, responses and messages. Quotes inside a
 * JSON string are escaped, so content cannot match. One pass over a chunk of 270 bytes takes 0.5 µs; a search for each
 * word took twice as long.
 */
const MARKS =
  /"(?:(usage|timings)": ?(?=\{)|(?:content|text|reasoning_content|reasoning|arguments|thinking|partial_json|delta)": ?"[^"]|tool_calls": ?\[\{)/g;
/** Characters that are kept of a part, so that a report that is split between two parts can be read. */
const KEPT_TEXT = 4_096;

/**
 * Creates a reader for an answer.
 *
 * @param type The answer's `Content-Type`.
 * @returns `null`: answers of this type report nothing
 */
export function usageReader(type: string): UsageReader | null {
  if (/^text\/event-stream\b/i.test(type)) return new StreamReader();
  return /^application\/(?:[\w.-]+\+)?json\b/i.test(type) ? new WholeReader() : null;
}

/** Reads events. Each has one line of data, which may be split anywhere. */
class StreamReader implements UsageReader {
  readonly #reports = new Reports();
  #pieces = 0;
  /** The value of `#pieces` at the last report. */
  #reported = 0;
  /** The last, incomplete line, or its end. */
  #rest = '';
  /** Whether a piece of that line has been counted. */
  #isCounted = false;

  read(chunk: Buffer): boolean {
    const isWhole = this.#rest === '';
    const text = isWhole ? latin1(chunk, 0) : this.#rest + latin1(chunk, 0);
    const before = this.#pieces;
    /** Position of the last piece. Each event counts as one piece. */
    let last = this.#isCounted ? 0 : -1;
    MARKS.lastIndex = 0;
    for (let match = MARKS.exec(text); match !== null; match = MARKS.exec(text)) {
      const [, report] = match;
      if (report !== undefined) {
        if (this.#reports.read(report, text, MARKS.lastIndex)) this.#reported = this.#pieces;
      } else if (last === -1 || hasLineEnd(text, last, match.index)) {
        this.#pieces += 1;
        last = match.index;
      }
    }
    this.#keep(text, last);
    return this.#pieces > before;
  }

  tokens(): Tokens {
    const { in: tokensIn, out } = this.#reports.sum();
    const isEstimated = this.#pieces > 0 && (out === null || this.#reported < this.#pieces);
    if (!isEstimated) return { in: tokensIn, out, isEstimated };
    return { in: tokensIn, out: Math.max(out ?? 0, this.#pieces), isEstimated };
  }

  cached(): number | null {
    return this.#reports.sum().cached;
  }

  promptSeconds(): number | null {
    return inSeconds(this.#reports.sum().promptMs);
  }

  #keep(text: string, last: number): void {
    const end = text.lastIndexOf('\n') + 1;
    this.#isCounted = last >= end && last !== -1;
    this.#rest = end === text.length ? '' : text.slice(Math.max(end, text.length - KEPT_TEXT));
  }
}

/** Reads a JSON answer, whose figures stand at its beginning or its end. The content between them is not kept. */
class WholeReader implements UsageReader {
  #head = '';
  /** Empty until the head is full. Head and tail may overlap. */
  #tail = '';

  read(chunk: Buffer): boolean {
    const length = chunk.byteLength;
    const room = KEPT_TEXT - this.#head.length;
    if (room > 0) this.#head += latin1(chunk, 0, room);
    if (length <= room) return false;
    const before = this.#tail === '' ? this.#head : this.#tail;
    this.#tail =
      length >= KEPT_TEXT
        ? latin1(chunk, length - KEPT_TEXT)
        : (before + latin1(chunk, room > 0 ? room : 0)).slice(-KEPT_TEXT);
    return false;
  }

  tokens(): Tokens {
    const { in: tokensIn, out } = this.#report();
    return { in: tokensIn, out, isEstimated: false };
  }

  cached(): number | null {
    return this.#report().cached;
  }

  promptSeconds(): number | null {
    return inSeconds(this.#report().promptMs);
  }

  #report(): TokenReport {
    const reports = new Reports();
    // A report in both is read twice, which is harmless: the last one counts.
    for (const text of [this.#head, this.#tail]) {
      MARKS.lastIndex = 0;
      for (let match = MARKS.exec(text); match !== null; match = MARKS.exec(text)) {
        if (match[1] !== undefined) reports.read(match[1], text, MARKS.lastIndex);
      }
    }
    return reports.sum();
  }
}

/** Collects an engine's reports. A stream may report the prompt at its beginning and the rest at its end. */
class Reports {
  readonly #usage: TokenReport = { in: null, out: null, cached: null, promptMs: null };
  readonly #timings: TokenReport = { in: null, out: null, cached: null, promptMs: null };

  /** Reads a report. @param start Where its object begins. @returns whether the object was complete and had a figure */
  read(name: string, text: string, start: number): boolean {
    const fields = objectAt(text, start);
    if (fields === null) return false;
    const [into, report] = name === 'usage' ? [this.#usage, usageOf(fields)] : [this.#timings, timingsOf(fields)];
    into.in = report.in ?? into.in;
    into.out = report.out ?? into.out;
    into.cached = report.cached ?? into.cached;
    into.promptMs = report.promptMs ?? into.promptMs;
    return report.in !== null || report.out !== null;
  }

  /** Returns all figures. `usage` wins, because clients see it. */
  sum(): TokenReport {
    const [usage, timings] = [this.#usage, this.#timings];
    return {
      in: usage.in ?? timings.in,
      out: usage.out ?? timings.out,
      cached: usage.cached ?? timings.cached,
      promptMs: timings.promptMs,
    };
  }
}

function usageOf(fields: Fields): TokenReport {
  const out = count(fields, 'completion_tokens') ?? count(fields, 'output_tokens');
  const prompt = count(fields, 'prompt_tokens');
  const ofPrompt = detail(fields, 'prompt_tokens_details') ?? detail(fields, 'input_tokens_details');
  // Embeddings and rankings generate no tokens, and report none.
  if (prompt !== null)
    return {
      in: prompt,
      out: out ?? (count(fields, 'total_tokens') === prompt ? 0 : null),
      cached: ofPrompt,
      promptMs: null,
    };
  const input = count(fields, 'input_tokens');
  if (input === null) return { in: null, out, cached: null, promptMs: null };
  // Anthropic counts cached tokens apart, OpenAI as part of the input.
  const cached = count(fields, 'cache_read_input_tokens');
  const apart = (cached ?? 0) + (count(fields, 'cache_creation_input_tokens') ?? 0);
  return { in: input + apart, out, cached: cached ?? ofPrompt, promptMs: null };
}

function timingsOf(fields: Fields): TokenReport {
  const prompt = count(fields, 'prompt_n');
  const cached = count(fields, 'cache_n');
  return {
    in: prompt === null ? null : prompt + (cached ?? 0),
    out: count(fields, 'predicted_n'),
    cached,
    promptMs: measure(fields, 'prompt_ms'),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** The cached tokens in the details of an OpenAI report. */
function detail(fields: Fields, name: string): number | null {
  const details = fields[name];
  if (typeof details !== 'object' || details === null || !('cached_tokens' in details)) return null;
  return count({ cached: details.cached_tokens }, 'cached');
}

function count(fields: Fields, name: string): number | null {
  const value = fields[name];
  return Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : null;
}

/** A number that need not be whole. */
function measure(fields: Fields, name: string): number | null {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
}

function inSeconds(milliseconds: number | null): number | null {
  return milliseconds === null ? null : milliseconds / 1_000;
}

/** Returns the object that begins at `start`; `null`: it is incomplete or invalid. */
function objectAt(text: string, start: number): Fields | null {
  let depth = 0;
  for (let index = start; index < text.length && index < start + KEPT_TEXT; index += 1) {
    const code = text.charCodeAt(index);
    if (code === OPEN_OBJECT) depth += 1;
    else if (code === CLOSE_OBJECT) depth -= 1;
    if (depth === 0) return parsed(text.slice(start, index + 1));
  }
  return null;
}

function parsed(text: string): Fields | null {
  try {
    return JSON.parse(text) as Fields;
  } catch (error) {
    // A brace within a string ended the text too early: such an object is no report.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function hasLineEnd(text: string, from: number, to: number): boolean {
  const end = text.indexOf('\n', from);
  return end !== -1 && end < to;
}

/** Decodes one character for each byte: all searched words are ASCII, so a split UTF-8 character is harmless. */
function latin1(chunk: Buffer, start: number, length = chunk.byteLength): string {
  return chunk.toString('latin1', start, start + length);
}

/** Assumed tokens per second before the first answer: a model of 8 billion parameters on an ordinary graphics card. */
const ASSUMED = 100;
/** Shorter answers are not measured: they are inaccurate, or come from the engine's cache. */
const SHORTEST_SECONDS = 0.5;
/** Shorter answers are not measured either: a long prompt with one token would make the engine seem slow. */
const FEWEST_TOKENS = 16;

/**
 * Keeps the speed of each instance's fastest answer, in tokens per second of its time at the engine, the prompt
 * included. A mean would not do, because callers could lower it with slow answers.
 */
export class GenerationSpeeds {
  readonly #fastest = new Map<string, number>();

  /** Measures a finished request. */
  measure({ instance, waited, duration, tokens_out: tokens }: RequestFigures): void {
    if (instance === null || waited === null || tokens === null || tokens < FEWEST_TOKENS) return;
    const seconds = duration - waited;
    if (seconds < SHORTEST_SECONDS) return;
    this.#fastest.set(instance, Math.max(this.#fastest.get(instance) ?? 0, tokens / seconds));
  }

  /** Returns tokens per second; {@link ASSUMED} before any answer is measured. @param instance Name of the instance. */
  of(instance: string): number {
    return this.#fastest.get(instance) ?? ASSUMED;
  }

  /** Moves the measurement of a renamed instance to its new name. */
  rename(previous: string, name: string): void {
    const fastest = this.#fastest.get(previous);
    this.#fastest.delete(previous);
    if (fastest !== undefined) this.#fastest.set(name, fastest);
  }

  /** Forgets an instance, so that a new one with its name starts without a measurement. */
  forget(instance: string): void {
    this.#fastest.delete(instance);
  }
}
