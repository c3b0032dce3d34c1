import type { Status } from '@llamactl/contract/instance';
import {
  type ActiveRequest,
  type FinishedRequest,
  MOST_FINISHED_REQUESTS,
  type RequestDoor,
  type RequestError,
  type RequestFigures,
  type RequestOutcome,
} from '@llamactl/contract/requests';
import type { Clock } from '../instances/ports/time.ts';
import { EngineErrorReader } from './engine-error.ts';
import { type FinishedFilter, FinishedRequests, LONGEST_MESSAGE, LONGEST_TEXT } from './finished-requests.ts';
import { pathOnly } from './headers.ts';
import { type Refusal, RefusedRequests } from './refused-requests.ts';
import { GenerationSpeeds, type Tokens, type UsageReader, usageReader } from './usage.ts';

interface RequestsOptions {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  /** Called for each request when it begins. Must not throw and must not block. */
  onBegin?: (record: RequestRecord) => void;
  /** Called by {@link Requests.takeTokens} for each request in flight that generated tokens. Must not throw and must not block. */
  onTokens?: (instance: string, tokens: number) => void;
  /**
   * Called once for each finished request. Must not throw and must not block.
   *
   * @param generated its tokens that `onTokens` has reported
   */
  onFinished?: (request: RequestFigures, record: RequestRecord, generated: number) => void;
  /** Called for each request that ended in an earlier process. Must not throw and must not block. */
  onFinishedElsewhere?: (request: FinishedRequest) => void;
  /** Called for each request that is refused before it has a record. Must not throw and must not block. */
  onRefused?: (author: RequestAuthor | null) => void;
  /** The owner of finished records. Default: one that this process alone has. */
  finished?: FinishedRequests;
}

/** Numbers of one millisecond. */
const SEQ_PER_MS = 1_000;

/** Records all requests in flight, and the last finished ones: figures, never content. */
export class Requests {
  readonly #keeper: RecordKeeper;
  /** By id, oldest first. */
  readonly #active = new Map<string, RequestRecord>();
  readonly #finished: FinishedRequests;
  readonly #refused: RefusedRequests;
  /** Ids of all records above. */
  readonly #ids = new Set<string>();
  readonly #speeds = new GenerationSpeeds();
  /** Tokens of requests that ended since the last {@link takeTokens}, by the instance's name. */
  #tokensOfEnded = new Map<string, number>();
  readonly #onBegin: (record: RequestRecord) => void;
  readonly #onRefused: (author: RequestAuthor | null) => void;
  readonly #onTokens: (instance: string, tokens: number) => void;
  readonly #onFinishedElsewhere: (request: FinishedRequest) => void;
  /** Lists finished requests instead of this object. `null`: this object lists them. */
  #finishThere: ((request: FinishedRequest) => void) | null = null;
  #namesakes = 0;
  #lastSeq = 0;

  constructor({
    clock,
    onBegin = () => undefined,
    onTokens = () => undefined,
    onFinished,
    onFinishedElsewhere = () => undefined,
    onRefused = () => undefined,
    finished = new FinishedRequests(MOST_FINISHED_REQUESTS),
  }: RequestsOptions) {
    this.#finished = finished;
    const onEnd = (record: RequestRecord, figures: RequestFigures): void => {
      this.#remember(record);
      this.#speeds.measure(figures);
      const { takenTokens } = record;
      addTokens(this.#tokensOfEnded, record);
      onFinished?.(figures, record, takenTokens);
    };
    this.#keeper = { clock, onEnd, nextSeq: () => this.#nextSeq() };
    this.#refused = new RefusedRequests(clock);
    this.#onBegin = onBegin;
    this.#onFinishedElsewhere = onFinishedElsewhere;
    this.#onRefused = onRefused;
    this.#onTokens = onTokens;
  }

  /** Begins a record. @param onCancel Called when an operator cancels the request; must end the request. */
  begin(facts: RequestFacts, onCancel: () => void): RequestRecord {
    const record = new RequestRecord(this.#unused(facts.id), facts, onCancel, this.#keeper);
    this.#active.set(record.id, record);
    this.#ids.add(record.id);
    this.#onBegin(record);
    return record;
  }

  /** From now on, passes the record of each request that ends to this function instead of listing it here. */
  finishBy(finishThere: (request: FinishedRequest) => void): void {
    this.#finishThere = finishThere;
  }

  /** Lists a request that began before this process served, and ended in an earlier process. */
  finishedElsewhere(request: FinishedRequest): void {
    if (this.#finishThere !== null) return this.#finishThere(request);
    const id = this.#unused(request.id);
    this.#ids.add(id);
    // Numbers grow in the order in which this process lists requests, whatever the clock of the other was.
    const listed = { ...request, id, seq: this.#nextSeq() };
    this.#add(listed);
    this.#onFinishedElsewhere(listed);
  }

  /** Counts a request of a known caller that is refused before it has a record, for instance beyond a limit. */
  refuse(author: RequestAuthor | null): void {
    this.#onRefused(author);
  }

  /** Lists a request that is refused before it has a record, also one without valid credentials. */
  noteRefusal(refusal: Refusal): void {
    const replaced = this.#refused.note(refusal, () => {
      const id = this.#unused(refusal.id);
      this.#ids.add(id);
      return { id, seq: this.#nextSeq() };
    });
    if (replaced !== null) this.#ids.delete(replaced);
  }

  /**
   * Returns the tokens of streamed answers since the last call, by the name of the instance. Instances with requests since
   * then have an entry, if only 0.
   */
  takeTokens(): ReadonlyMap<string, number> {
    const tokens = this.#tokensOfEnded;
    this.#tokensOfEnded = new Map();
    for (const record of this.#active.values()) {
      const { instance } = record;
      const more = addTokens(tokens, record);
      if (instance !== null && more > 0) this.#onTokens(instance, more);
    }
    return tokens;
  }

  /**
   * Lists the requests in flight, oldest first.
   *
   * @param statusOf Status of an instance; `null`: it does not exist, or the caller may not see it.
   */
  list(statusOf: (instance: string) => Status | null): ActiveRequest[] {
    const waiting = new Map<string | null, number>();
    return [...this.#active.values()].map((record) => {
      const view = activeRequest(record, statusOf);
      if (!record.isWaiting) return view;
      const position = (waiting.get(view.instance) ?? 0) + 1;
      waiting.set(view.instance, position);
      return { ...view, position };
    });
  }

  /** The view of one request, in flight or over by now. */
  view(record: RequestRecord, statusOf: (instance: string) => Status | null): ActiveRequest {
    const view = activeRequest(record, statusOf);
    if (!record.isWaiting) return view;
    let position = 1;
    for (const other of this.#active.values()) {
      if (other === record) break;
      if (other.isWaiting && other.instance === record.instance) position += 1;
    }
    return { ...view, position };
  }

  /** Whether no request is in flight. */
  get isIdle(): boolean {
    return this.#active.size === 0;
  }

  /**
   * The records of requests in flight, oldest first.
   *
   * @param age Only those that take longer, in milliseconds.
   * @param most How many.
   */
  older(age: number, most: number): RequestRecord[] {
    const before = this.#keeper.clock.elapsed() - age;
    const older: RequestRecord[] = [];
    for (const record of this.#active.values()) {
      if (record.begun > before || older.length === most) break;
      older.push(record);
    }
    return older;
  }

  /** Lists the last finished requests, newest first. */
  finished(): FinishedRequest[] {
    return this.#finished.all.toReversed();
  }

  /**
   * A page of the last finished requests, newest first; see {@link FinishedRequests.list}.
   *
   * @param hasRefused Whether it also has those that {@link noteRefusal} has noted. They may be of anybody.
   */
  finishedPage(
    most: number,
    filter: FinishedFilter,
    isSeen: (request: FinishedRequest) => boolean,
    hasRefused: boolean,
  ): ReturnType<FinishedRequests['list']> {
    return this.#finished.list(most, filter, isSeen, hasRefused ? this.#refused.all() : []);
  }

  /** Records that an instance is now ready for requests, or no longer: its waiting requests wait for something else. */
  statusChanged(instance: string, status: Status): void {
    for (const record of this.#active.values()) if (record.instance === instance) record.waitsAgain(status);
  }

  /** Finds a request in flight; `null`: no such id. */
  find(id: string): { caller: string; instance: string | null; model: string | null } | null {
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
    for (const id of this.#finished.forget(instance)) this.#ids.delete(id);
    this.#speeds.forget(instance);
  }

  /** Moves all records of a renamed instance to its new name. */
  rename(previous: string, name: string): void {
    for (const record of this.#active.values()) record.renamed(previous, name);
    this.#finished.rename(previous, name);
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
    const finished = record.finished();
    if (finished === null) return;
    if (this.#finishThere === null) return this.#add(finished);
    this.#ids.delete(record.id);
    this.#finishThere(finished);
  }

  #add(request: FinishedRequest): void {
    const replaced = this.#finished.add(request);
    if (replaced !== null) this.#ids.delete(replaced);
  }

  /** Numbers begin with the time, so they also grow over a restart. */
  #nextSeq(): number {
    this.#lastSeq = Math.max(this.#lastSeq + 1, this.#keeper.clock.now() * SEQ_PER_MS);
    return this.#lastSeq;
  }
}

/**
 * The view of a request in flight, without its position.
 *
 * @param statusOf Status of an instance; `null`: it does not exist, or the caller may not see it.
 */
function activeRequest(record: RequestRecord, statusOf: (instance: string) => Status | null): ActiveRequest {
  const { phase, ...view } = record.view();
  if (phase !== 'waiting') return { ...view, phase, position: null };
  // A request that waits for a running instance waits for its turn.
  const isUp = view.instance !== null && statusOf(view.instance) === 'running';
  return { ...view, phase: isUp ? 'queued' : 'starting', position: null };
}

/** Adds the tokens that a request generated since the last call, and returns their number. */
function addTokens(sums: Map<string, number>, record: RequestRecord): number {
  const { instance } = record;
  if (instance === null) return 0;
  const more = record.takeTokens();
  sums.set(instance, (sums.get(instance) ?? 0) + more);
  return more;
}

/** The account and the key that sent a request, by id and name. */
export interface RequestAuthor {
  account: { id: string; name: string };
  /** `null`: it was sent with the token of a log-in. */
  key: { id: string; name: string } | null;
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
  /** `null` or left out: no account. */
  author?: RequestAuthor | null;
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
  /** The header `User-Agent`; `null`: none. */
  userAgent: string | null;
}

/** A request in flight, with the phases that its record can tell apart. */
export type RequestView = Omit<ActiveRequest, 'phase' | 'position'> & { phase: 'waiting' | 'processing' | 'streaming' };

/** Dependencies of a request's record. */
export interface RecordKeeper {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  /** Returns the number of a record that ends. */
  nextSeq(): number;
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
  seq: number;
  error: RequestError | null;
}

/** The wait of a request, and its begin by {@link Clock.elapsed}. */
interface Waiting {
  kind: 'starting' | 'queued';
  since: number;
}

const NO_TOKENS: Tokens = { in: null, out: null, isEstimated: false };

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
  #waiting: Waiting | null = null;
  /** Milliseconds of waits that are over. */
  readonly #waited = { starting: 0, queued: 0 };
  #refusal: RequestError | null = null;
  #answerError: EngineErrorReader | null = null;
  #wasLeased = false;
  #status: number | null = null;
  #isStream: boolean | null;
  #isAnswered = false;
  #reader: UsageReader | null = null;
  #firstTokenAt: number | null = null;
  #lastTokenAt: number | null = null;
  #bytesOut = 0;
  #isCancelled = false;
  /** Tokens that {@link takeTokens} has returned. */
  #takenTokens = 0;
  #end: End | null = null;
  /** Tokens of a finished request. The reader is dropped at the end, because it holds text of the answer. */
  #tokens = NO_TOKENS;
  #cachedTokens: number | null = null;
  #promptSeconds: number | null = null;

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

  get author(): RequestAuthor | null {
    return this.#facts.author ?? null;
  }

  /** Tokens that {@link takeTokens} has returned so far. */
  get takenTokens(): number {
    return this.#takenTokens;
  }

  get instance(): string | null {
    return this.#instance;
  }

  get model(): string | null {
    return this.#facts.model;
  }

  /** When the request began, by {@link Clock.elapsed}. */
  get begun(): number {
    return this.#begun;
  }

  /** Whether the request waits for an instance now. */
  get isWaiting(): boolean {
    return this.#end === null && this.#leasedAt === null;
  }

  /** Whether the request has had a lease. */
  get wasLeased(): boolean {
    return this.#wasLeased;
  }

  /** Whether an operator cancelled the request. A caller that leaves does not cancel it. */
  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  /** Records that the request waits for this instance, and has no lease yet or no longer. @param status Of the instance. */
  waits(instance: string | null, status: Status | null): void {
    this.#instance = instance;
    this.#leasedAt = null;
    this.#stopsWaiting();
    this.#waiting = { kind: status === 'running' ? 'queued' : 'starting', since: this.#keeper.clock.elapsed() };
  }

  /** Records a new status of the instance that the request waits for, if it does. */
  waitsAgain(status: Status): void {
    const kind = status === 'running' ? 'queued' : 'starting';
    if (this.#waiting === null || this.#waiting.kind === kind) return;
    this.#stopsWaiting();
    this.#waiting = { kind, since: this.#keeper.clock.elapsed() };
  }

  /** Records that the request has a lease of this instance. */
  leased(instance: string): void {
    this.#instance = instance;
    this.#leasedAt = this.#keeper.clock.elapsed();
    this.#stopsWaiting();
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
    const isPlain = headerOf(rawHeaders, 'content-encoding') === '';
    this.#reader = status < 400 && isPlain ? usageReader(type) : null;
    this.#answerError = status >= 400 && isPlain ? new EngineErrorReader(status) : null;
  }

  /** Counts a part of the answer's body, and keeps none of it. */
  bytes(bytes: Buffer): void {
    this.#bytesOut += bytes.byteLength;
    this.#answerError?.read(bytes);
    if (this.#reader?.read(bytes) !== true) return;
    this.#lastTokenAt = this.#keeper.clock.elapsed();
    this.#firstTokenAt ??= this.#lastTokenAt;
  }

  /** Tokens of the prompt, and how many of them the engine did not compute again; `null`: not reported. */
  get reuse(): { prompt: number; cached: number } | null {
    const cached = this.#reader?.cached() ?? null;
    return cached === null ? null : { prompt: this.#reader?.tokens().in ?? 0, cached };
  }

  /** Records the error that the caller gets from llamactl. */
  fails(code: string | null, message: string): void {
    this.#refusal = { code, message: message.slice(0, LONGEST_MESSAGE) };
  }

  /** Returns the generated tokens since the last call. Counts streamed answers only: others report all tokens at their end. */
  takeTokens(): number {
    if (this.#isStream !== true) return 0;
    const { out } = this.#reader?.tokens() ?? this.#tokens;
    const more = Math.max(0, (out ?? 0) - this.#takenTokens);
    this.#takenTokens += more;
    return more;
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
    this.#cachedTokens = this.#reader?.cached() ?? null;
    this.#promptSeconds = this.#reader?.promptSeconds() ?? null;
    this.#reader = null;
    this.#onCancel = null;
    this.#stopsWaiting();
    const { clock } = this.#keeper;
    const duration = secondsBetween(this.#begun, clock.elapsed());
    const error = outcome === 'ok' ? null : (this.#refusal ?? this.#answerError?.error() ?? null);
    this.#answerError = null;
    const seq = this.#keeper.nextSeq();
    this.#end = { outcome, status: this.#status ?? status, at: clock.now(), duration, seq, error };
    const figures = { ...this.#figures(), door: this.#facts.door, outcome, duration };
    this.#keeper.onEnd(this, figures);
    return figures;
  }

  /** Returns the request in flight as a finished one, as if llamactl ended now. */
  cutOff(): FinishedRequest {
    const { clock } = this.#keeper;
    const { phase: _, ...facts } = this.view();
    const ended = {
      finished_at: new Date(clock.now()).toISOString(),
      duration: secondsBetween(this.#begun, clock.elapsed()),
    };
    return { ...facts, ...ended, seq: this.#keeper.nextSeq(), outcome: 'broken', status: this.#status, error: null };
  }

  /** Returns the finished request; `null`: the request is in flight. */
  finished(): FinishedRequest | null {
    if (this.#end === null) return null;
    const { phase: _, ...facts } = this.view();
    const { outcome, status, at, duration, seq, error } = this.#end;
    return { ...facts, seq, outcome, status, error, finished_at: new Date(at).toISOString(), duration };
  }

  /** Returns the request in its current state. */
  view(): RequestView {
    const { caller, model, door, method, path, userAgent } = this.#facts;
    return {
      id: this.id,
      caller,
      model: model === null ? null : model.slice(0, LONGEST_TEXT),
      door,
      method,
      path: pathOnly(path).slice(0, LONGEST_TEXT),
      started_at: new Date(this.#startedAt).toISOString(),
      user_agent: userAgent === null ? null : userAgent.slice(0, LONGEST_TEXT),
      stream: this.#isStream,
      starting: this.#secondsOf('starting'),
      queued: this.#secondsOf('queued'),
      prompt_seconds: this.#reader?.promptSeconds() ?? this.#promptSeconds,
      cached_tokens: this.#reader?.cached() ?? this.#cachedTokens,
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

  #stopsWaiting(): void {
    if (this.#waiting !== null) this.#waited[this.#waiting.kind] += this.#keeper.clock.elapsed() - this.#waiting.since;
    this.#waiting = null;
  }

  #secondsOf(kind: Waiting['kind']): number {
    const now = this.#waiting?.kind === kind ? this.#keeper.clock.elapsed() - this.#waiting.since : 0;
    return (this.#waited[kind] + now) / 1_000;
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
