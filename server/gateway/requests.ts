import type { Status } from '@llamactl/contract/instance';
import {
  type ActiveRequest,
  type FinishedRequest,
  MOST_FINISHED_REQUESTS,
  type RequestDoor,
  type RequestFigures,
  type RequestOutcome,
} from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports/time.ts';
import { pathOnly } from './headers.ts';
import { GenerationSpeeds, type Tokens, type UsageReader, usageReader } from './usage.ts';

interface RequestsOptions {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  /** Called once for each finished request. Must not throw and must not block. */
  onFinished?: (request: RequestFigures) => void;
}

/** Records all requests in flight, and the last finished ones: figures, never content. */
export class Requests {
  readonly #keeper: RecordKeeper;
  /** By id, oldest first. */
  readonly #active = new Map<string, RequestRecord>();
  /** Oldest first. */
  #finished: RequestRecord[] = [];
  /** Ids of all records above. */
  readonly #ids = new Set<string>();
  readonly #speeds = new GenerationSpeeds();
  #namesakes = 0;

  constructor({ clock, onFinished }: RequestsOptions) {
    const onEnd = (record: RequestRecord, figures: RequestFigures): void => {
      this.#remember(record);
      this.#speeds.measure(figures);
      onFinished?.(figures);
    };
    this.#keeper = { clock, onEnd };
  }

  /** Begins a record. @param onCancel Called when an operator cancels the request; must end the request. */
  begin(facts: RequestFacts, onCancel: () => void): RequestRecord {
    const record = new RequestRecord(this.#unused(facts.id), facts, onCancel, this.#keeper);
    this.#active.set(record.id, record);
    this.#ids.add(record.id);
    return record;
  }

  /**
   * Lists the requests in flight, oldest first.
   *
   * @param statusOf Status of an instance; `null`: it does not exist, or the caller may not see it.
   */
  list(statusOf: (instance: string) => Status | null): ActiveRequest[] {
    return [...this.#active.values()].map((record) => {
      const { phase, ...view } = record.view();
      if (phase !== 'waiting') return { ...view, phase };
      // A request that waits for a running instance waits for its turn.
      const isUp = view.instance !== null && statusOf(view.instance) === 'running';
      return { ...view, phase: isUp ? 'queued' : 'starting' };
    });
  }

  /** Lists the last finished requests, newest first. */
  finished(): FinishedRequest[] {
    return this.#finished.toReversed().flatMap((record) => record.finished() ?? []);
  }

  /** Finds a request in flight; `null`: no such id. */
  find(id: string): { caller: string; instance: string | null } | null {
    return this.#active.get(id) ?? null;
  }

  /**
   * Returns the speed of an instance's fastest answer, in tokens per second; an assumed speed before any is measured.
   *
   * @param instance Name of the instance.
   */
  speedOf(instance: string): number {
    return this.#speeds.of(instance);
  }

  /** Cancels a request in flight. @returns whether it was found */
  cancel(id: string): boolean {
    const record = this.#active.get(id);
    record?.cancel();
    return record !== undefined;
  }

  /**
   * Forgets a deleted instance, so that a new one with its name starts without records.
   *
   * @param instance Name of the instance.
   */
  forget(instance: string): void {
    const [gone = [], kept = []] = [true, false].map((isIts) =>
      this.#finished.filter((request) => (request.instance === instance) === isIts),
    );
    for (const { id } of gone) this.#ids.delete(id);
    this.#finished = kept;
    this.#speeds.forget(instance);
  }

  /** Moves all records of a renamed instance to its new name. */
  rename(previous: string, name: string): void {
    for (const record of [...this.#active.values(), ...this.#finished]) record.renamed(previous, name);
    this.#speeds.rename(previous, name);
  }

  /** Returns a unique id, because callers may reuse ids, and each listed request must be found by its id. */
  #unused(id: string): string {
    if (!this.#ids.has(id)) return id;
    this.#namesakes += 1;
    return `${id}~${this.#namesakes}`;
  }

  #remember(record: RequestRecord): void {
    this.#active.delete(record.id);
    this.#finished.push(record);
    const [oldest] = this.#finished;
    if (oldest === undefined || this.#finished.length <= MOST_FINISHED_REQUESTS) return;
    this.#finished.shift();
    this.#ids.delete(oldest.id);
  }
}

/**
 * Facts about a request when it begins. None is content, so people may see all but `id`, which the record replaces by a
 * unique one.
 */
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

/** A request in flight, with the phases that its record can tell apart. */
export type RequestView = Omit<ActiveRequest, 'phase'> & { phase: 'waiting' | 'processing' | 'streaming' };

/** Dependencies of a request's record. */
export interface RecordKeeper {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  /** Called once for each record, when it ends. */
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
  /** Tokens of a finished request. The reader is dropped at the end, because it holds text of the answer. */
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

  /** Whether an operator cancelled the request. A caller that leaves does not cancel it. */
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

  /** Records that an instance got another name. */
  renamed(previous: string, name: string): void {
    if (this.#instance === previous) this.#instance = name;
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

  /** Tokens of the prompt, and how many of them the engine did not compute again; `null`: not reported. */
  get reuse(): { prompt: number; cached: number } | null {
    const cached = this.#reader?.cached() ?? null;
    return cached === null ? null : { prompt: this.#reader?.tokens().in ?? 0, cached };
  }

  /** Cancels the request if it is not over. */
  cancel(): void {
    if (this.#end !== null) return;
    this.#isCancelled = true;
    this.#onCancel?.();
  }

  /**
   * Ends the record.
   *
   * @param status Status of llamactl's own answer; `null`: none was sent.
   * @returns the figures of the request; `null`: the record has already ended
   */
  end(outcome: RequestOutcome, status: number | null = null): RequestFigures | null {
    if (this.#end !== null) return null;
    this.#tokens = this.#reader?.tokens() ?? NO_TOKENS;
    this.#reader = null;
    this.#onCancel = null;
    const { clock } = this.#keeper;
    const duration = secondsBetween(this.#begun, clock.elapsed());
    this.#end = { outcome, status: this.#status ?? status, at: clock.now(), duration };
    const figures = { ...this.#figures(), door: this.#facts.door, outcome, duration };
    this.#keeper.onEnd(this, figures);
    return figures;
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

  /** Returns tokens per second, not counting the first token: the engine spends the time up to it on the prompt. */
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
