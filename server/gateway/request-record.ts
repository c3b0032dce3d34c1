import type {
  ActiveRequest,
  FinishedRequest,
  RequestDoor,
  RequestFigures,
  RequestOutcome,
} from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports.ts';
import { pathOnly } from './path-only.ts';
import { type Tokens, type UsageReader, usageReader } from './usage.ts';

/** What is known of a request when it begins. Everything but `id` may be shown to people, and none of it is content. */
export interface RequestFacts {
  /** Its `X-Request-Id`. */
  id: string;
  /** No secret. */
  caller: string;
  /** `null`: not known yet. */
  instance: string | null;
  /** As asked for; `null`: it was asked for by name. */
  model: string | null;
  door: RequestDoor;
  method: string;
  /** As the engine gets it; the query is not kept. */
  path: string;
  /** An answer in events was asked for; `null`: nobody looked. */
  stream: boolean | null;
}

/** A request on its way, as far as it tells of itself. */
export type RequestView = Omit<ActiveRequest, 'phase'> & { phase: 'waiting' | 'processing' | 'streaming' };

/** What the record of a request needs of those who keep it. */
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
  /** Seconds that it took. */
  duration: number;
}

const NO_TOKENS: Tokens = { in: null, out: null, isEstimated: false };

/** Names of models and paths come from callers. */
const LONGEST_TEXT = 200;

/** One request to an engine, from when it is known what it is for: sees its answer pass, and keeps figures of it. */
export class RequestRecord {
  readonly id: string;
  readonly #keeper: RecordKeeper;
  readonly #facts: RequestFacts;
  /** It holds the whole request: those that are over are kept, and must not keep that. */
  #onCancel: (() => void) | null;
  #onOver: ((figures: RequestFigures) => void) | null = null;
  /** Milliseconds since the epoch. */
  readonly #startedAt: number;
  /** Of {@link Clock.elapsed}, as all moments below. */
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
  /** Of one that is over: its reader holds text. */
  #tokens = NO_TOKENS;

  /** @param id Unique among those that are known. @param onCancel Has to end the request. */
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

  /** @param onOver Called once when the request is over. Must not throw. */
  watch(onOver: (figures: RequestFigures) => void): void {
    this.#onOver = onOver;
  }

  get caller(): string {
    return this.#facts.caller;
  }

  get instance(): string | null {
    return this.#instance;
  }

  /** An engine has it, or had it. */
  get wasLeased(): boolean {
    return this.#wasLeased;
  }

  /** Somebody ended it who did not make it. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** It is for this instance, and an engine does not have it yet, or not any more. */
  waits(instance: string | null): void {
    this.#instance = instance;
    this.#leasedAt = null;
  }

  /** An engine of this instance has it. */
  leased(instance: string): void {
    this.#instance = instance;
    this.#leasedAt = this.#keeper.clock.elapsed();
    this.#wasLeased = true;
  }

  /** A WebSocket, of which nothing is read. */
  switches(): void {
    this.#isStream = true;
    this.#isAnswered = true;
  }

  /** @param rawHeaders Of the engine's answer: name, value, name, value, … */
  head(status: number, rawHeaders: readonly string[]): void {
    const type = headerOf(rawHeaders, 'content-type');
    this.#status = status;
    this.#isAnswered = true;
    this.#isStream = /^text\/event-stream\b/i.test(type);
    const isReadable = status < 400 && headerOf(rawHeaders, 'content-encoding') === '';
    this.#reader = isReadable ? usageReader(type) : null;
  }

  /** A part of the answer's body; nothing of it is kept. */
  bytes(bytes: Buffer): void {
    this.#bytesOut += bytes.byteLength;
    if (this.#reader?.read(bytes) !== true) return;
    this.#lastTokenAt = this.#keeper.clock.elapsed();
    this.#firstTokenAt ??= this.#lastTokenAt;
  }

  /** Ends it, if it is not over. */
  cancel(): void {
    if (this.#end !== null) return;
    this.#isCancelled = true;
    this.#onCancel?.();
  }

  /** It is over; only the first call counts. @param status Of an answer that was not the engine's; `null`: there was none. */
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

  /** As it ended; `null`: it is on its way. */
  finished(): FinishedRequest | null {
    if (this.#end === null) return null;
    const { phase: _, ...facts } = this.view();
    const { outcome, status, at, duration } = this.#end;
    return { ...facts, outcome, status, finished_at: new Date(at).toISOString(), duration };
  }

  /** As it stands now. */
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

  /** The first token is not counted: the prompt was worked on until it came. */
  #speed(out: number | null): number | null {
    if (out === null || out < 2 || this.#firstTokenAt === null || this.#lastTokenAt === null) return null;
    const seconds = secondsBetween(this.#firstTokenAt, this.#lastTokenAt);
    return seconds === 0 ? null : (out - 1) / seconds;
  }
}

function secondsBetween(from: number, to: number): number {
  return (to - from) / 1_000;
}

/** The empty text where there is none. */
function headerOf(rawHeaders: readonly string[], name: string): string {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index] ?? '';
    if (candidate.length === name.length && candidate.toLowerCase() === name) return rawHeaders[index + 1] ?? '';
  }
  return '';
}
