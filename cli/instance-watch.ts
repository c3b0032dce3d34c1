import { setTimeout as pause } from 'node:timers/promises';
import type { Client, EventsOptions, Frame, Interruption } from '@llamactl/client';
import type { Session } from './command-line.ts';
import type { InstanceList } from './instance-list.ts';

/** Many instances that change at once are listed anew once: requests are limited. */
const BETWEEN_LISTS_MS = 1_000;

/** As much of a session as is needed. */
export interface WatchSession extends Pick<Session, 'signal'> {
  client: Pick<Client, 'events' | 'listInstances'>;
}

export interface InstanceWatchOptions {
  types: EventsOptions['types'];
  /** Told after the list has taken it. */
  onFrame: (frame: Frame) => void;
  /** The list was read anew. */
  onRead: () => void;
  onInterruption: (interruption: Interruption) => void;
  /** The server is there, for the first time or again. */
  onOpen: () => void;
}

/** Keeps a list true until the signal of the session aborts; then throws its reason. One subscription, nothing is polled. */
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

/** Reads the list anew where events tell too little. */
class ListReader {
  readonly #session: WatchSession;
  readonly #list: InstanceList;
  readonly #onRead: () => void;
  #wanted = Promise.withResolvers<void>();
  /** What came since the list was asked for, while it is: the answer may be older. */
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
        // One that did not answer in time is asked again.
        if (!(error instanceof ConnectionError)) throw error;
        this.want();
      } finally {
        this.#since = null;
      }
      await pause(BETWEEN_LISTS_MS, undefined, { signal });
    }
  }
}
