import {
  ConnectionError,
  NotFoundError,
  type Alert,
  type Client,
  type EventStream,
  type EventWishes,
  type Frame,
  type GroupLimits,
  type Instance,
  type Resources,
} from '@llamactl/client';
import { ValueStore } from '../value-store.ts';
import { applyAlert, applyFrame, type Stale } from './frames.ts';
import { Refetch } from './refetch.ts';
import type { Row, RowStore } from './row-store.ts';

/** The connection that events come over. Times are in milliseconds since the epoch. */
export type Connection =
  | { kind: 'connecting' }
  | { kind: 'live' }
  /** Data stays as it was at `since`. */
  | { kind: 'lost'; since: number; nextTryAt: number; error: Error };

/** The frames that every page needs. Some come only to clients that name them. */
const TYPES: NonNullable<EventWishes['types']> = [
  'instance_status_changed',
  'instance_start_refused',
  'instance_created',
  'instance_updated',
  'instance_deleted',
  'instance_stats_updated',
  'instance_load_progress',
  'instances_refreshed',
  'requests_updated',
  'system_alert',
  'system_stats_updated',
  'download_progress',
];

/** More frames that a page needs while it is open. */
export type Wish = Pick<EventWishes, 'types' | 'logs'>;

/** The requests that it sends. */
export type FeedClient = Pick<
  Client,
  'url' | 'events' | 'listInstances' | 'getInstance' | 'getSystemAlerts' | 'getSystemStatus'
>;

/** Milliseconds until another try after an error that the client does not retry by itself. */
const RETRY_MS = 5_000;

/**
 * Owns the one WebSocket of this tab. Keeps the rows and alerts up to date: it requests them when the connection opens
 * and after a gap, and applies every frame in between.
 */
export class Feed {
  readonly connection = new ValueStore<Connection>({ kind: 'connecting' });
  /** `null`: not loaded yet. */
  readonly alerts = new ValueStore<readonly Alert[] | null>(null);
  /** The machine; `null`: not loaded yet. */
  readonly resources = new ValueStore<Resources | null>(null);
  /** The limits of groups of instances. They change only with a reload of llamactl. */
  readonly groups = new ValueStore<readonly GroupLimits[]>([]);
  /** The version of llamactl that answers now; `null`: not known yet. */
  readonly version = new ValueStore<string | null>(null);
  /** Why the first list could not be loaded; `null`: it was, or is on its way. */
  readonly loadError = new ValueStore<Error | null>(null);
  readonly #client: FeedClient;
  readonly #rows: RowStore;
  readonly #refetch: Refetch;
  readonly #listeners = new Set<(frame: Frame) => void>();
  readonly #wishes = new Set<Wish>();
  #stream: EventStream | null = null;
  #stop: AbortController | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #lastSeq: number | undefined;
  /** For each request for rows that is on its way: the frames since, because its rows may be older. */
  readonly #onTheWay = new Set<Frame[]>();
  #hasLoaded = false;

  constructor(client: FeedClient, rows: RowStore) {
    this.#client = client;
    this.#rows = rows;
    this.#refetch = new Refetch({
      one: (name) => this.#settled(this.#loadOne(name)),
      all: () => this.load(),
      after: (milliseconds, callback) => {
        const timer = setTimeout(callback, milliseconds);
        return () => clearTimeout(timer);
      },
    });
  }

  /** Connects, and stays connected until {@link stop}. */
  start(): void {
    this.stop();
    this.#stop = new AbortController();
    void this.#run(this.#stop.signal);
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#stream = null;
    this.#stop?.abort();
    this.#stop = null;
    this.#refetch.stop();
  }

  /** Connects now instead of at the next try. */
  retryNow(): void {
    this.start();
  }

  /** Calls back for every frame. Returns a function that ends this. */
  listen(listener: (frame: Frame) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Asks for more frames, such as `request_started`, or the lines of a log. {@link listen} gets them. After a lost
   * connection a log may repeat lines: compare their `seq`. Returns a function that ends this.
   */
  want(wish: Wish): () => void {
    this.#wishes.add(wish);
    this.#stream?.subscribe(this.#subscription());
    return () => {
      this.#wishes.delete(wish);
      this.#stream?.subscribe(this.#subscription());
    };
  }

  #subscription(): EventWishes {
    const wishes = [...this.#wishes];
    return {
      types: [...new Set([...TYPES, ...wishes.flatMap(({ types = [] }) => types)])],
      logs: wishes.flatMap(({ logs = [] }) => logs),
    };
  }

  /** Requests rows, alerts and the state of the machine. An error leaves the present ones, because the connection shows it too. */
  async load(): Promise<void> {
    try {
      await this.#withLaterFrames(async () => {
        const [instances, alerts] = await Promise.all([
          this.#client.listInstances(),
          this.#client.getSystemAlerts(),
          this.#settled(this.#loadStatus()),
        ]);
        this.#rows.replaceAll(instances);
        this.alerts.set(alerts);
      });
      this.#hasLoaded = true;
      this.loadError.set(null);
    } catch (error) {
      if (!this.#hasLoaded) this.loadError.set(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Loads rows, then applies the frames that came meanwhile once more: an answer may be older than they are. */
  async #withLaterFrames(load: () => Promise<void>): Promise<void> {
    const frames: Frame[] = [];
    this.#onTheWay.add(frames);
    try {
      await load();
    } finally {
      this.#onTheWay.delete(frames);
    }
    for (const frame of frames) this.#applyAgain(frame);
  }

  async #run(signal: AbortSignal): Promise<void> {
    try {
      const frames = this.#client.events({
        signal,
        ...this.#subscription(),
        ...(this.#lastSeq === undefined ? {} : { after_seq: this.#lastSeq }),
        onOpen: () => this.#opened(),
        onInterruption: ({ error, delay }) => this.#lost(error, delay * 1_000),
      });
      this.#stream = frames;
      for await (const frame of frames) {
        this.#live();
        this.#lastSeq = frame.seq;
        this.#take(frame);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#lost(
        error instanceof Error ? error : new ConnectionError(String(error), { url: this.#client.url }),
        RETRY_MS,
      );
      this.#retry = setTimeout(() => this.start(), RETRY_MS);
    }
  }

  #opened(): void {
    this.#live();
    // A later connection replays events, but no figures: those of a server that was killed would stay.
    void this.load();
  }

  #live(): void {
    if (this.connection.get().kind !== 'live') this.connection.set({ kind: 'live' });
  }

  #lost(error: Error, delay: number): void {
    const before = this.connection.get();
    const now = Date.now();
    const since = before.kind === 'lost' ? before.since : now;
    this.connection.set({ kind: 'lost', since, nextTryAt: now + delay, error });
  }

  #take(frame: Frame): void {
    for (const frames of this.#onTheWay) frames.push(frame);
    this.#apply(frame);
    for (const listener of this.#listeners) listener(frame);
  }

  #apply(frame: Frame): void {
    this.#refetch.add(this.#applyAgain(frame));
    if (frame.type === 'instance_deleted') this.#refetch.forget(frame.data.name);
    if (frame.type === 'system_stats_updated') {
      this.resources.set(frame.data.resources);
      this.#rows.step();
    }
  }

  /** Applies a frame to rows and alerts, which changes nothing if they have it already. @returns The rows to load again */
  #applyAgain(frame: Frame): Stale {
    const alerts = this.alerts.get();
    if (alerts !== null) this.alerts.set(applyAlert(alerts, frame));
    return applyFrame(this.#rows, frame);
  }

  async #loadStatus(): Promise<void> {
    const { resources, version, groups } = await this.#client.getSystemStatus();
    this.resources.set(resources);
    this.version.set(version);
    this.groups.set(groups);
  }

  async #loadOne(name: string): Promise<void> {
    try {
      await this.#withLaterFrames(async () => this.#rows.put(rowOf(await this.#client.getInstance(name))));
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
      this.#rows.remove(name);
    }
  }

  /** An error leaves everything as the frames made it; a lost connection shows itself. */
  async #settled(loading: Promise<void>): Promise<void> {
    try {
      await loading;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    }
  }
}

/** The fields of a row, of an instance with all its fields. */
function rowOf(instance: Instance): Row {
  const { options: _, extra_args: __, environment: ___, effective_command: ____, ...row } = instance;
  return row;
}
