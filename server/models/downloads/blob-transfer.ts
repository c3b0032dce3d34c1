import type { IncomingMessage } from 'node:http';
import { errorWords, hasCode } from '@llamactl/contract/reason';
import { pause, type Clock } from '../../instances/ports/time.ts';
import type { Bandwidth } from './bandwidth.ts';
import { announcedHash, hashOf } from './announced-hash.ts';
import { type ByteRange, nextPiece, PIECE_BYTES } from './byte-ranges.ts';
import { ForeignPartial, PartialFault, PartialFile } from './partial-file.ts';
import { PieceWriter } from './piece-writer.ts';
import { checkPart, checkWhole, Denied, RangeIgnored, strongTag, TryLater } from './remote-answer.ts';
import { RemoteReader, RemoteRefusal } from './remote-reader.ts';

/** One file to fetch into the cache. Can be sent to another thread. */
export interface TransferTask {
  url: string;
  /** For requests to the origin of `url`. */
  headers: Record<string, string>;
  /** Bytes. */
  size: number;
  /** Lower-case hex; `null`: unknown. */
  sha256: string | null;
  /** Git's name for the bytes, 40 hex digits, where that is all that is known; `null`: unknown. */
  gitObject: string | null;
  /** Stands for the bytes: a partial file of other content starts over. */
  content: string;
  /** Absolute path of the finished file, in an existing folder. */
  target: string;
  /** The data directory of this server. */
  owner: string;
}

/** How a transfer ended. All bytes that came stay for the next attempt, except after `damaged`. */
export type TransferOutcome =
  | { kind: 'stored' }
  | { kind: 'stopped' }
  /** Another server downloads the same file, or has put its own file in place. */
  | { kind: 'foreign' }
  /** Bytes that the disk lacks. */
  | { kind: 'disk_full'; lacking: number }
  /** The bytes are not those that were announced. */
  | { kind: 'damaged'; why: string }
  | { kind: 'denied'; why: string }
  | { kind: 'failed'; why: string }
  /** This machine failed, not the other one. */
  | { kind: 'fault'; why: string };

export interface TransferProgress {
  /** Bytes that are there. */
  done: number;
  phase: 'fetching' | 'verifying';
}

export interface TransferDependencies {
  clock: Clock;
  /** 0 ≤ fraction < 1, for jitter. */
  fraction: () => number;
  bandwidth: Bandwidth;
  /** Bytes available to us on the disk of a folder or file. */
  freeSpace: (file: string) => Promise<number>;
  environment: Readonly<Record<string, string | undefined>>;
  onProgress: (progress: TransferProgress) => void;
  /** Bits that new files of this process lack. */
  umask: number;
  timing?: Partial<TransferTiming>;
  /** Origins of the endpoints in the configuration. Default: none. */
  endpoints?: readonly string[] | undefined;
  /** Default: by the address. */
  isPublic?: (address: string) => boolean;
}

interface TransferTiming {
  /** A connection without a byte for this time is broken. */
  stallMs: number;
  /** Pause after the first failure; doubles with each further one. */
  firstPauseMs: number;
  longestPauseMs: number;
  /** A transfer goes on for this time after its last new byte. */
  patienceMs: number;
  /** Rest between two records. */
  recordMs: number;
}

const TIMING: TransferTiming = {
  stallMs: 30_000,
  firstPauseMs: 200,
  longestPauseMs: 60_000,
  patienceMs: 3_600_000,
  recordMs: 250,
};

const CONNECTIONS = 4;
/** Failed rounds without a new byte before a transfer may give up, however long the server wants to be left alone. */
const LEAST_FAILURES = 10;
/** A record is renewed after this time even if no byte came, so that other servers see that the download lives. */
const RENEW_MS = 10_000;
/** Room that a download leaves on a disk, for logs and the database. Exported for the check before a download. */
export const RESERVED_BYTES = 256 * 1024 * 1024;

/** The disk has no room for the rest. */
class DiskFull extends Error {
  override readonly name = 'DiskFull';
  readonly lacking: number;

  constructor(lacking: number) {
    super('The disk is full');
    this.lacking = lacking;
  }
}

/** The server has replaced the file since its first bytes came, and only it knows what the bytes should be. */
class Replaced extends Error {
  override readonly name = 'Replaced';
}

/** Fetches one file with several connections, checks it, and gives it its name. It runs once. */
export class BlobTransfer {
  readonly #task: TransferTask;
  readonly #dependencies: TransferDependencies;
  readonly #timing: TransferTiming;
  readonly #reader: RemoteReader;
  readonly #host: string;
  /** Aborted when the transfer ends for any reason: by its caller, or by the failure of one part. */
  readonly #over = new AbortController();
  /** The first failure that ended it; `null`: none. */
  #failure: { error: unknown } | null = null;
  readonly #taken = new Set<ByteRange>();
  readonly #writers = new Set<PieceWriter>();
  /** Rounds that failed since the last new byte. All connections that fail before the next try are one round. */
  #failures = 0;
  /** Time of the first of them, by `Clock.elapsed`. */
  #failingSince = 0;
  /** Most bytes that were there at a failure. */
  #bytesBefore = 0;
  /** The last round got the whole file in place of a part. */
  #wasIgnored = false;
  /** No request before this time, by `Clock.elapsed`. */
  #notBefore = -Infinity;
  /** Aborted when the server turns out to send no parts of the file: then one connection fetches all of it. */
  readonly #isWholeOnly = new AbortController();

  /** @throws {RemoteRefusal} its URL cannot be read */
  constructor(task: TransferTask, dependencies: TransferDependencies) {
    this.#task = task;
    this.#dependencies = dependencies;
    this.#timing = { ...TIMING, ...dependencies.timing };
    const { environment, endpoints, isPublic } = dependencies;
    const { stallMs } = this.#timing;
    this.#reader = new RemoteReader({
      url: task.url,
      headers: task.headers,
      environment,
      stallMs,
      endpoints,
      isPublic,
    });
    this.#host = new URL(task.url).host;
  }

  /** @param signal Its abort stops the transfer; all bytes that came are kept. */
  async run(signal: AbortSignal): Promise<TransferOutcome> {
    const stop = (): void => this.#over.abort();
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    try {
      return await this.#transfer();
    } catch (error) {
      return signal.aborted ? { kind: 'stopped' } : outcomeOf(error);
    } finally {
      signal.removeEventListener('abort', stop);
      this.#reader.close();
    }
  }

  async #transfer(): Promise<TransferOutcome> {
    const { size, content, target, owner } = this.#task;
    const { clock } = this.#dependencies;
    const file = await PartialFile.open({ target, size, content, owner, now: () => clock.now() });
    try {
      if (!this.#canContinue(file)) await file.startOver();
      const why = (await this.#fetchMissing(file)) ?? (await this.#faultOf(file));
      if (why !== null) {
        await file.discard();
        return { kind: 'damaged', why };
      }
      const isOurs = await file.publish(0o666 & ~this.#dependencies.umask);
      return { kind: isOurs ? 'stored' : 'foreign' };
    } finally {
      await file.close();
    }
  }

  /**
   * Fetches all bytes that are missing, and records those that came, however it ends.
   *
   * @returns why they are worth nothing; `null`: they are good, as far as is known now
   */
  async #fetchMissing(file: PartialFile): Promise<string | null> {
    await this.#checkRoom(file, file.missing);
    await file.record();
    const isOver = new AbortController();
    const recording = this.#orFail(this.#keepRecord(file, isOver.signal));
    await this.#orFail(this.#fetchAll(file));
    isOver.abort();
    await recording;
    if (this.#failure === null) return null;
    if (this.#failure.error instanceof Replaced) return this.#failure.error.message;
    throw this.#failure.error;
  }

  /** Makes the first failure of any part end all others. */
  async #orFail(part: Promise<void>): Promise<void> {
    try {
      await part;
    } catch (error) {
      this.#failure ??= { error };
      this.#over.abort();
    }
  }

  /** The first answer shows whether the server sends parts. Only then further connections follow. */
  async #fetchAll(file: PartialFile): Promise<void> {
    const isParted = Promise.withResolvers<void>();
    const first = this.#orFail(this.#connection(file, isParted.resolve));
    await Promise.race([first, isParted.promise]);
    const most = this.#dependencies.bandwidth.connections(CONNECTIONS);
    const count = Math.min(most, Math.ceil(file.missing / PIECE_BYTES));
    const others = Array.from({ length: Math.max(0, count - 1) }, () => this.#orFail(this.#connection(file)));
    await Promise.all([first, ...others]);
    if (this.#isWholeOnly.signal.aborted) await this.#fetchWhole(file);
  }

  /** With one connection. */
  async #fetchWhole(file: PartialFile): Promise<void> {
    while (file.missing > 0) {
      this.#over.signal.throwIfAborted();
      await this.#attempt(file, () => this.#requestWhole(file));
    }
  }

  async #connection(file: PartialFile, onPart: () => void = () => undefined): Promise<void> {
    for (;;) {
      this.#over.signal.throwIfAborted();
      const piece = nextPiece(this.#task.size, file.ranges, this.#taken);
      if (piece === null || this.#isWholeOnly.signal.aborted) return;
      this.#taken.add(piece);
      try {
        await this.#piece(file, piece, onPart);
      } finally {
        this.#taken.delete(piece);
      }
    }
  }

  /** Fetches everything that is missing of a piece, with retries, or leaves that to {@link #fetchWhole}. */
  async #piece(file: PartialFile, piece: ByteRange, onPart: () => void): Promise<void> {
    for (let gap = file.ranges.firstGap(piece); gap !== null; gap = file.ranges.firstGap(piece)) {
      if (this.#isWholeOnly.signal.aborted) return;
      const part = gap;
      await this.#attempt(file, () => this.#requestPart(file, part, onPart));
    }
  }

  /** Makes a request when its time has come. A failure sets the time of the next one. */
  async #attempt(file: PartialFile, send: () => Promise<void>): Promise<void> {
    const wasWholeOnly = this.#isWholeOnly.signal.aborted;
    await this.#waitForTurn(wasWholeOnly ? null : this.#isWholeOnly.signal);
    const begun = this.#dependencies.clock.elapsed();
    try {
      if (this.#isWholeOnly.signal.aborted === wasWholeOnly) await send();
    } catch (error) {
      this.#over.signal.throwIfAborted();
      // It was ended for the one connection that goes on.
      if (this.#isWholeOnly.signal.aborted !== wasWholeOnly) return;
      this.#planRetry(error, file, begun);
    }
  }

  /** Without a checksum only a tag proves that two answers have bytes of one version of the file. */
  #canContinue({ etag }: PartialFile): boolean {
    return this.#task.sha256 !== null || this.#task.gitObject !== null || etag !== null;
  }

  async #requestPart(file: PartialFile, gap: ByteRange, onPart: () => void): Promise<void> {
    const condition = file.etag === null ? {} : { 'if-range': file.etag };
    const now = this.#dependencies.clock.now();
    const signal = AbortSignal.any([this.#over.signal, this.#isWholeOnly.signal]);
    const headers = { range: `bytes=${gap.from}-${gap.to - 1}`, ...condition };
    const answer = await this.#ask(headers, signal, (head) => {
      this.#noteTag(file, head);
      checkPart(head, gap, this.#host, this.#task.size, now);
      if (!this.#canContinue(file)) throw new RangeIgnored(`${this.#host} does not name the version of the file`);
    });
    this.#wasIgnored = false;
    onPart();
    await this.#receive(file, answer, gap);
  }

  /** A server without parts sends everything again after each cut; bytes of the same version that came once still count. */
  async #requestWhole(file: PartialFile): Promise<void> {
    if (!this.#canContinue(file)) await file.startOver();
    const now = this.#dependencies.clock.now();
    const answer = await this.#ask({}, this.#over.signal, (head) => {
      this.#noteTag(file, head);
      checkWhole(head, this.#host, this.#task.size, now);
    });
    await this.#receive(file, answer, { from: 0, to: this.#task.size });
  }

  async #ask(
    headers: Record<string, string>,
    signal: AbortSignal,
    check: (head: IncomingMessage) => void,
  ): Promise<IncomingMessage> {
    const { answer, isRemembered } = await this.#reader.get(headers, signal);
    try {
      check(answer);
      return answer;
    } catch (error) {
      answer.destroy();
      const mayHaveExpired = isRemembered && error instanceof RemoteRefusal;
      throw mayHaveExpired ? new TryLater(error.message, null) : error;
    }
  }

  /** With a known sha256 the bytes are the same wherever they lie, whatever their tag. @throws {Replaced} */
  #noteTag(file: PartialFile, head: IncomingMessage): void {
    if (head.statusCode !== 200 && head.statusCode !== 206) return;
    const tag = strongTag(head);
    const isOther = file.etag !== null && tag !== file.etag;
    if (isOther && this.#task.sha256 === null)
      throw new Replaced(`${this.#host} has replaced the file during the download. Its first bytes were removed.`);
    file.etag = tag ?? file.etag;
  }

  async #receive(file: PartialFile, answer: IncomingMessage, { from, to }: ByteRange): Promise<void> {
    const writer = new PieceWriter(file, from);
    this.#writers.add(writer);
    let left = to - from;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        await writer.add(chunk.length > left ? chunk.subarray(0, left) : chunk);
        left -= chunk.length;
        // Further bytes are not of this part.
        if (left < 0) break;
        await this.#dependencies.bandwidth.took(chunk.length, this.#over.signal);
      }
    } finally {
      this.#writers.delete(writer);
      await writer.flush();
    }
    if (left > 0) throw new TryLater(`${this.#host} ended an answer early`, null);
  }

  /**
   * Counts a failure, and sets the time of the next try.
   *
   * @param begun Time of the request, by `Clock.elapsed`.
   * @throws {Error} no further try makes sense
   */
  #planRetry(error: unknown, file: PartialFile, begun: number): void {
    this.#reader.forget();
    const isFinal = [RemoteRefusal, PartialFault, Replaced].some((kind) => error instanceof kind);
    if (isFinal) throw error;
    const now = this.#dependencies.clock.elapsed();
    const wanted = error instanceof TryLater ? (error.pauseMs ?? 0) : 0;
    // Another connection has counted this round.
    const isCounted = begun < this.#notBefore;
    this.#notBefore = Math.max(this.#notBefore, now + wanted);
    if (isCounted) return;
    const { bytes } = file.ranges;
    const isIgnored = error instanceof RangeIgnored;
    // The first such answer may come from an old tag; then the next request has the new one.
    if (isIgnored && (bytes === 0 || this.#wasIgnored)) return this.#isWholeOnly.abort();
    this.#wasIgnored = isIgnored;
    this.#countFailure(error, bytes, now);
    const { firstPauseMs, longestPauseMs } = this.#timing;
    const jitter = 0.5 + this.#dependencies.fraction() / 2;
    const backoff = Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#failures - 1)) * jitter;
    this.#notBefore = Math.max(this.#notBefore, now + backoff);
  }

  /** @throws {RemoteRefusal} no byte has come for too long */
  #countFailure(error: unknown, bytes: number, now: number): void {
    const isFirst = this.#failures === 0 || bytes > this.#bytesBefore;
    this.#failures = isFirst ? 1 : this.#failures + 1;
    if (isFirst) this.#failingSince = now;
    this.#bytesBefore = Math.max(this.#bytesBefore, bytes);
    if (this.#failures < LEAST_FAILURES || now - this.#failingSince < this.#timing.patienceMs) return;
    const words = errorWords(error);
    const reason = words.includes(this.#host) ? words : `${this.#host}: ${words}`;
    throw new RemoteRefusal(`No byte came in ${this.#failures} tries. The last reason: ${reason}.`);
  }

  /** @param end Ends the wait without an error; `null`: nothing does. */
  async #waitForTurn(end: AbortSignal | null): Promise<void> {
    const { clock } = this.#dependencies;
    const over = this.#over.signal;
    const signal = end === null ? over : AbortSignal.any([over, end]);
    for (let wait = this.#notBefore - clock.elapsed(); wait > 0; wait = this.#notBefore - clock.elapsed()) {
      await pause(clock, wait, signal);
      over.throwIfAborted();
      if (signal.aborted) return;
    }
  }

  /** Records what is there until the signal aborts, and once more after that. */
  async #keepRecord(file: PartialFile, signal: AbortSignal): Promise<void> {
    const { clock, onProgress } = this.#dependencies;
    let recorded = file.ranges.bytes;
    let recordedAt = clock.elapsed();
    while (!signal.aborted) {
      onProgress({ done: file.ranges.bytes, phase: 'fetching' });
      await pause(clock, this.#timing.recordMs, signal);
      await Promise.all([...this.#writers].map((writer) => writer.flush()));
      const { bytes } = file.ranges;
      if (bytes === recorded && clock.elapsed() - recordedAt < RENEW_MS) continue;
      await file.record();
      if (!signal.aborted) await this.#checkRoom(file, 0);
      [recorded, recordedAt] = [bytes, clock.elapsed()];
    }
    if (file.ranges.bytes !== recorded) await file.record();
  }

  async #checkRoom({ missing }: PartialFile, needed: number): Promise<void> {
    if (missing === 0) return;
    const available = await this.#dependencies.freeSpace(this.#task.target);
    if (available < needed + RESERVED_BYTES) throw new DiskFull(missing + RESERVED_BYTES - available);
  }

  /** Why the bytes are not those that were announced; `null`: they are, or the source does not say what they should be. */
  async #faultOf(file: PartialFile): Promise<string | null> {
    const { size } = this.#task;
    const announced = announcedHash(this.#task);
    if (announced === null) return null;
    const { kind, hex } = announced;
    const hash = hashOf(kind, size);
    this.#dependencies.onProgress({ done: size, phase: 'verifying' });
    const { clock } = this.#dependencies;
    let recordedAt = clock.elapsed();
    for await (const bytes of file.read()) {
      this.#over.signal.throwIfAborted();
      hash.update(bytes);
      if (clock.elapsed() - recordedAt < RENEW_MS) continue;
      await file.record();
      recordedAt = clock.elapsed();
    }
    const found = hash.digest('hex');
    if (found === hex) return null;
    return `The bytes from ${this.#host} have the ${kind} ${found}, but ${hex} was announced. They were removed.`;
  }
}

function isOutOfRoom(error: unknown): boolean {
  return hasCode(error instanceof PartialFault ? error.cause : error, ['ENOSPC', 'EDQUOT']);
}

function outcomeOf(error: unknown): TransferOutcome {
  if (error instanceof ForeignPartial) return { kind: 'foreign' };
  if (error instanceof DiskFull) return { kind: 'disk_full', lacking: error.lacking };
  if (isOutOfRoom(error)) return { kind: 'disk_full', lacking: RESERVED_BYTES };
  const words = errorWords(error);
  const why = words.endsWith('.') ? words : `${words}.`;
  return { kind: error instanceof Denied ? 'denied' : error instanceof RemoteRefusal ? 'failed' : 'fault', why };
}
