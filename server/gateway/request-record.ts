import type {
  ActiveRequest,
  FinishedRequest,
  RequestDoor,
  RequestFigures,
  RequestOutcome,
} from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports/time.ts';
import { pathOnly } from './path-only.ts';
import { type Tokens, type UsageReader, usageReader } from './usage.ts';

/** Facts about a request when it begins. Everything but `id` may be shown to people, and none of it is content. */
export interface RequestFacts {
  /** The request's `X-Request-Id`. */
  id: string;
  /** Name of the caller; not a secret. */
  caller: string;
  /** `null`: not known yet. */
  instance: string | null;
  /** The requested model; `null`: the path names the instance. */
  model: string | null;
  door: RequestDoor;
  method: string;
  /** The path for the engine; the query is not kept. */
  path: string;
  /** Whether the request asks for a streamed answer; `null`: its body was not read. */
  stream: boolean | null;
}

/** A request in flight, with the phases that its record knows. */
export type RequestView = Omit<ActiveRequest, 'phase'> & { phase: 'waiting' | 'processing' | 'streaming' };

/** Dependencies of a request's record. */
export interface RecordKeeper {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  /** Called once. */
  onEnd(record: RequestRecord, figures: RequestFigures): void;
}

interface End {
  outcome: RequestOutcome;
  status: number | null;
  /** Milliseconds since the epoch. */
  at: number;
  /** Duration of the request in seconds. */
  duration: number;
}

const NO_TOKENS: Tokens = { in: null, out: null, isEstimated: false };

/** Models and paths are cut to this many characters, because they come from callers. */
const LONGEST_TEXT = 200;

/** Records one request to an engine from the moment its target is known: observes its answer and keeps its figures. */
export class RequestRecord {
  readonly id: string;
  readonly #keeper: RecordKeeper;
  readonly #facts: RequestFacts;
  /** Ends the request. `null` after the end, because the callback holds the whole request and the record is kept. */
  #onCancel: (() => void) | null;
  #onOver: ((figures: RequestFigures) => void) | null = null;
  /** Milliseconds since the epoch. */
  readonly #startedAt: number;
  /** By {@link Clock.elapsed}, like all moments below. */
  readonly #begun: number;
  #instance: string | null;
  #leasedAt: number | null = null;
  #wasLeased = false;
  #status: number | null = null;
  #isStream: boolean | null;
  #isAnswered = false;
  #reader: UsageReader | null = null;
  #firstTokenAt: number | null = null;
  #lastTokenAt: number | null = null;
  #bytesOut = 0;
  #isCancelled = false;
  #end: End | null = null;
  /** Tokens of a finished request. Its reader is dropped, because it holds text. */
  #tokens = NO_TOKENS;

  /** @param id Unique among all known records. @param onCancel Must end the request. */
  constructor(id: string, facts: RequestFacts, onCancel: () => void, keeper: RecordKeeper) {
    this.id = id;
    this.#facts = facts;
    this.#instance = facts.instance;
    this.#isStream = facts.stream;
    this.#onCancel = onCancel;
    this.#keeper = keeper;
    this.#startedAt = keeper.clock.now();
    this.#begun = keeper.clock.elapsed();
  }

  /** Sets a callback for the end. @param onOver Called once when the request is over. Must not throw. */
  watch(onOver: (figures: RequestFigures) => void): void {
    this.#onOver = onOver;
  }

  get caller(): string {
    return this.#facts.caller;
  }

  get instance(): string | null {
    return this.#instance;
  }

  /** Whether the request has had a lease. */
  get wasLeased(): boolean {
    return this.#wasLeased;
  }

  /** Whether the request was cancelled by an operator and not by its caller. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Records that the request waits for this instance, and has no lease yet or no longer. */
  waits(instance: string | null): void {
    this.#instance = instance;
    this.#leasedAt = null;
  }

  /** Records that the request has a lease of this instance. */
  leased(instance: string): void {
    this.#instance = instance;
    this.#leasedAt = this.#keeper.clock.elapsed();
    this.#wasLeased = true;
  }

  /** Records that the request is a WebSocket, whose content is not read. */
  switches(): void {
    this.#isStream = true;
    this.#isAnswered = true;
  }

  /** Records the head of the engine's answer. @param rawHeaders name, value, name, value, … */
  head(status: number, rawHeaders: readonly string[]): void {
    const type = headerOf(rawHeaders, 'content-type');
    this.#status = status;
    this.#isAnswered = true;
    this.#isStream = /^text\/event-stream\b/i.test(type);
    const isReadable = status < 400 && headerOf(rawHeaders, 'content-encoding') === '';
    this.#reader = isReadable ? usageReader(type) : null;
  }

  /** Counts a part of the answer's body, and keeps none of it. */
  bytes(bytes: Buffer): void {
    this.#bytesOut += bytes.byteLength;
    if (this.#reader?.read(bytes) !== true) return;
    this.#lastTokenAt = this.#keeper.clock.elapsed();
    this.#firstTokenAt ??= this.#lastTokenAt;
  }

  /** Cancels the request if it is not over. */
  cancel(): void {
    if (this.#end !== null) return;
    this.#isCancelled = true;
    this.#onCancel?.();
  }

  /** Ends the record; only the first call counts. @param status Status of llamactl's own answer; `null`: none was sent. */
  end(outcome: RequestOutcome, status: number | null = null): void {
    if (this.#end !== null) return;
    this.#tokens = this.#reader?.tokens() ?? NO_TOKENS;
    this.#reader = null;
    this.#onCancel = null;
    const { clock } = this.#keeper;
    const duration = secondsBetween(this.#begun, clock.elapsed());
    this.#end = { outcome, status: this.#status ?? status, at: clock.now(), duration };
    const figures = { ...this.#figures(), door: this.#facts.door, outcome, duration };
    this.#keeper.onEnd(this, figures);
    this.#onOver?.(figures);
    this.#onOver = null;
  }

  /** Returns the finished request; `null`: the request is in flight. */
  finished(): FinishedRequest | null {
    if (this.#end === null) return null;
    const { phase: _, ...facts } = this.view();
    const { outcome, status, at, duration } = this.#end;
    return { ...facts, outcome, status, finished_at: new Date(at).toISOString(), duration };
  }

  /** Returns the request in its current state. */
  view(): RequestView {
    const { caller, model, door, method, path } = this.#facts;
    return {
      id: this.id,
      caller,
      model: model === null ? null : model.slice(0, LONGEST_TEXT),
      door,
      method,
      path: pathOnly(path).slice(0, LONGEST_TEXT),
      started_at: new Date(this.#startedAt).toISOString(),
      stream: this.#isStream,
      ...this.#figures(),
      phase: this.#leasedAt === null ? 'waiting' : this.#isAnswered ? 'streaming' : 'processing',
    };
  }

  #figures() {
    const { in: tokensIn, out: tokensOut, isEstimated } = this.#reader?.tokens() ?? this.#tokens;
    return {
      instance: this.#instance,
      waited: this.#since(this.#leasedAt),
      time_to_first_token: this.#since(this.#firstTokenAt),
      tokens_in: tokensIn,
      tokens_out: tokensOut,
      tokens_estimated: isEstimated,
      tokens_per_second: this.#speed(tokensOut),
      bytes_out: this.#bytesOut,
    };
  }

  #since(moment: number | null): number | null {
    return moment === null ? null : secondsBetween(this.#begun, moment);
  }

  /** Returns tokens a second without the first token: the time before it was spent on the prompt. */
  #speed(out: number | null): number | null {
    if (out === null || out < 2 || this.#firstTokenAt === null || this.#lastTokenAt === null) return null;
    const seconds = secondsBetween(this.#firstTokenAt, this.#lastTokenAt);
    return seconds === 0 ? null : (out - 1) / seconds;
  }
}

function secondsBetween(from: number, to: number): number {
  return (to - from) / 1_000;
}

/** Returns the value of a header; the empty text if it is missing. */
function headerOf(rawHeaders: readonly string[], name: string): string {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index] ?? '';
    if (candidate.length === name.length && candidate.toLowerCase() === name) return rawHeaders[index + 1] ?? '';
  }
  return '';
}
