import { setTimeout as pause } from 'node:timers/promises';
import type { Client, EventsOptions, Frame, Interruption } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import type { InstanceList } from './instance-list.ts';

/** Shortest time between two reads of the list, because requests are rate-limited. */
const BETWEEN_LISTS_MS = 1_000;

/** The part of a session that watching needs. */
export interface WatchSession extends Pick<Session, 'signal'> {
  client: Pick<Client, 'events' | 'listInstances'>;
}

export interface InstanceWatchOptions {
  types: EventsOptions['types'];
  /** Called after the list has applied the event. */
  onFrame: (frame: Frame) => void;
  /** The list was read again. */
  onRead: () => void;
  onInterruption: (interruption: Interruption) => void;
  /** The event stream is open, for the first time or again. */
  onOpen: () => void;
}

/**
 * Keeps a list up to date until the session's signal aborts, then throws its reason. Uses one event subscription; never
 * polls.
 */
export async function watchInstances(
  session: WatchSession,
  list: InstanceList,
  { types, onFrame, onRead, onInterruption, onOpen }: InstanceWatchOptions,
): Promise<void> {
  const { client } = session;
  const ended = new AbortController();
  const signal = AbortSignal.any([session.signal, ended.signal]);
  const reader = new ListReader({ client, signal }, list, onRead);
  const follow = async (): Promise<void> => {
    const opened = (): void => {
      reader.want();
      onOpen();
    };
    for await (const frame of client.events({ types, signal, onInterruption, onOpen: opened })) {
      reader.take(frame);
      onFrame(frame);
    }
  };
  try {
    await Promise.race([follow(), reader.run()]);
  } finally {
    ended.abort();
  }
}

/** Reads the list again when events say too little. */
class ListReader {
  readonly #session: WatchSession;
  readonly #list: InstanceList;
  readonly #onRead: () => void;
  #wanted = Promise.withResolvers<void>();
  /**
   * Events since the current list request was sent; the response may be older than they are. `null`: no request is in
   * flight.
   */
  #since: Frame[] | null = null;

  constructor(session: WatchSession, list: InstanceList, onRead: () => void) {
    this.#session = session;
    this.#list = list;
    this.#onRead = onRead;
  }

  want(): void {
    this.#wanted.resolve();
  }

  take(frame: Frame): void {
    this.#since?.push(frame);
    if (this.#list.take(frame)) this.want();
  }

  async run(): Promise<void> {
    const { client, signal } = this.#session;
    const { ConnectionError } = await import('@llamactl/client');
    for (;;) {
      await this.#wanted.promise;
      this.#wanted = Promise.withResolvers();
      const since: Frame[] = (this.#since = []);
      try {
        this.#list.reset(await client.listInstances({ signal, retries: Infinity }));
        for (const frame of since) if (this.#list.take(frame)) this.want();
        this.#onRead();
      } catch (error) {
        // Retry a request that failed or timed out.
        if (!(error instanceof ConnectionError)) throw error;
        this.want();
      } finally {
        this.#since = null;
      }
      await pause(BETWEEN_LISTS_MS, undefined, { signal });
    }
  }
}
