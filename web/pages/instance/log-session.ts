import type { Client, LogEntry, LogLevel } from '@llamactl/client';
import type { Feed } from '../../lib/live/feed.ts';
import { ValueStore } from '../../lib/value-store.ts';
import { LogStore, MOST_LINES } from './log-store.ts';

/** Lines that a request gets. */
const PAGE = 2_000;
/** Found lines of a request. */
const FOUND_PAGE = 500;
/** Most lines of a search, and most requests for it. A request reads at most 16 MiB. */
const MOST_FOUND = 1_000;
const MOST_SEARCHES = 40;
/** Lines of a request for a file. */
const FILE_PAGE = 10_000;

export type LogState =
  | { kind: 'loading' }
  | { kind: 'failed'; error: unknown }
  /** `hasOlder`: more lines can be loaded at the begin. */
  | { kind: 'ready'; hasOlder: boolean };

/** The parts of a session, and the log that it follows. */
interface LogParts {
  client: Pick<Client, 'getInstanceLogs'>;
  feed: Pick<Feed, 'connection' | 'listen' | 'want'>;
  /** Of the instance. */
  name: string;
  /** The lowest level of its lines. */
  level: LogLevel;
}

/** Follows one log while it is open: the last lines first, then new ones as they come, and older ones on request. */
export class LogSession {
  readonly store = new LogStore();
  readonly state = new ValueStore<LogState>({ kind: 'loading' });
  readonly #client: LogParts['client'];
  readonly #feed: LogParts['feed'];
  readonly #name: string;
  readonly #level: LogLevel;
  readonly #over = new AbortController();
  readonly #ends: (() => void)[] = [];
  #isLoadingOlder = false;

  constructor({ client, feed, name, level }: LogParts) {
    this.#client = client;
    this.#feed = feed;
    this.#name = name;
    this.#level = level;
    this.#ends.push(
      feed.connection.subscribe(() => {
        if (feed.connection.get().kind === 'live' && this.state.get().kind === 'failed') void this.open();
      }),
    );
  }

  /** Loads the last lines, and follows the log until {@link close}. After a failure it tries again with the next connection. */
  async open(): Promise<void> {
    this.state.set({ kind: 'loading' });
    try {
      const { logs } = await this.#page({ lines: PAGE });
      this.store.append(logs);
      this.#ready(logs.length === PAGE);
    } catch (error) {
      if (!this.#over.signal.aborted) this.state.set({ kind: 'failed', error });
      return;
    }
    const level = this.#level === 'debug' ? {} : { level: this.#level };
    const wish = { instance: this.#name, ...level, after_seq: this.store.lastSeq ?? 0 };
    if (this.#over.signal.aborted) return;
    this.#ends.push(
      this.#feed.listen((frame) => {
        if (frame.type === 'log_lines' && frame.data.name === this.#name) this.store.append(frame.data.lines);
        else if (frame.type === 'log_gap' && frame.data.name === this.#name) {
          this.store.gap(frame.data.to_seq, frame.timestamp);
        }
      }),
      this.#feed.want({ logs: [wish] }),
    );
  }

  close(): void {
    this.#over.abort();
    for (const end of this.#ends) end();
  }

  /** Loads lines before the first one, if there may be some. An error leaves things as they are: the next scroll tries again. */
  async loadOlder(): Promise<void> {
    const state = this.state.get();
    const { firstSeq, isFull } = this.store;
    if (state.kind !== 'ready' || !state.hasOlder || firstSeq === null || isFull || this.#isLoadingOlder) return;
    this.#isLoadingOlder = true;
    try {
      const { logs } = await this.#page({ lines: PAGE, before_seq: firstSeq });
      this.store.prepend(logs);
      this.#ready(logs.length === PAGE);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    } finally {
      this.#isLoadingOlder = false;
    }
  }

  /**
   * Searches everything that is kept of the log, also lines that are not loaded.
   *
   * @returns newest first; `isCut`: there may be more
   */
  async search(query: string): Promise<{ lines: LogEntry[]; isCut: boolean }> {
    const lines: LogEntry[] = [];
    let before: number | undefined;
    for (let count = 0; count < MOST_SEARCHES && lines.length < MOST_FOUND; count += 1) {
      const place = before === undefined ? {} : { before_seq: before };
      const page = await this.#page({ lines: FOUND_PAGE, q: query, ...place });
      lines.push(...page.logs.toReversed());
      const isCut = page.truncated === true;
      if (!isCut && page.logs.length < FOUND_PAGE) return { lines, isCut: false };
      before = isCut ? page.next_seq : page.logs[0]?.seq;
      if (before === undefined) break;
    }
    return { lines, isCut: true };
  }

  /** Everything that is kept of the log, at most {@link MOST_LINES} lines. */
  async text(): Promise<string> {
    const pages: string[] = [];
    let before: number | undefined;
    for (let count = 0; count < MOST_LINES; count += FILE_PAGE) {
      const { logs } = await this.#page({ lines: FILE_PAGE, ...(before === undefined ? {} : { before_seq: before }) });
      pages.unshift(logs.map(({ timestamp, level, message }) => `${timestamp} ${level} ${message}\n`).join(''));
      before = logs[0]?.seq;
      if (logs.length < FILE_PAGE || before === undefined) break;
    }
    return pages.join('');
  }

  #page(query: { lines: number; before_seq?: number; q?: string }): ReturnType<Client['getInstanceLogs']> {
    const level = this.#level === 'debug' ? {} : { level: this.#level };
    return this.#client.getInstanceLogs(this.#name, { ...query, ...level, signal: this.#over.signal });
  }

  #ready(hasOlder: boolean): void {
    if (!hasOlder) this.store.complete();
    this.state.set({ kind: 'ready', hasOlder });
  }
}
