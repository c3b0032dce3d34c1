import { ApiError } from '@llamactl/contract/errors';
import type { Subscribe } from '@llamactl/contract/events';
import type { LogGapFrame, LogLinesFrame } from '@llamactl/contract/live-frames';
import type { LogItem } from '@llamactl/contract/logs';
import { type Clock, pause } from '../instances/ports/time.ts';
import type { InstanceManager } from '../instances/use-cases.ts';

/** A log to which a client subscribed. */
export type LogSubscription = NonNullable<Subscribe['logs']>[number];

/** A frame before it has a time and a number. */
export type LogNews = Pick<LogLinesFrame, 'type' | 'data'> | Pick<LogGapFrame, 'type' | 'data'>;

export interface LogFollowersDependencies {
  clock: Pick<Clock, 'after'>;
  /** Counts a new subscription to a log. Returns how long it has to wait, milliseconds; 0: not at all. */
  admit: () => number;
  /** The logs that the client may see. */
  logs: Pick<InstanceManager, 'followLogs'>;
  send: (news: LogNews) => void;
  /** Resolves when the connection has taken most of what was sent, or is over. */
  writable: () => Promise<void>;
  onFault: (error: unknown) => void;
}

/**
 * Time between two reads of a log. A read takes at most 128 KiB, so a client gets at most some 13 000 lines a second, and
 * the lines of a quiet engine come in few frames.
 */
const PACE_MS = 100;
/** A client that is further behind than this skips to the newest lines. */
const MOST_BEHIND = 4_194_304;

/**
 * Follows the logs to which one client subscribed. Reads a log only when the client has taken what came before, so a flood
 * of lines or a slow client needs no memory: lines that were skipped become a gap.
 */
export class LogFollowers {
  readonly #dependencies: LogFollowersDependencies;
  readonly #followed = new Map<string, AbortController>();

  constructor(dependencies: LogFollowersDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Replaces the followed logs. A log that the client followed before with equal terms goes on where it is. One that has
   * ended begins again: there may be another instance of that name.
   */
  follow(wanted: readonly LogSubscription[]): void {
    const byKey = new Map(wanted.map((each) => [keyOf(each), each]));
    for (const [key, controller] of this.#followed) {
      if (byKey.has(key)) continue;
      this.#followed.delete(key);
      controller.abort();
    }
    for (const [key, each] of byKey) if (!this.#followed.has(key)) this.#begin(key, each);
  }

  /** Ends all. */
  end(): void {
    this.follow([]);
  }

  #begin(key: string, wanted: LogSubscription): void {
    const controller = new AbortController();
    this.#followed.set(key, controller);
    this.#run(wanted, controller.signal)
      .catch((error: unknown) => this.#dependencies.onFault(error))
      .finally(() => {
        if (this.#followed.get(key) === controller) this.#followed.delete(key);
      });
  }

  async #run({ instance, level, after_seq: after }: LogSubscription, signal: AbortSignal): Promise<void> {
    const { admit, logs, clock, writable, send } = this.#dependencies;
    for (let wait = admit(); wait > 0; wait = admit()) {
      await pause(clock, wait, signal);
      if (signal.aborted) return;
    }
    const query = { lines: 0, level: level ?? null, afterSeq: after ?? null, mostBehind: MOST_BEHIND };
    const items = openedLog(() => logs.followLogs(instance, query, signal));
    if (items === null) return;
    for await (const read of items) {
      if (signal.aborted) return;
      for (const news of newsOf(instance, read)) send(news);
      await pause(clock, PACE_MS, signal);
      await writable();
    }
  }
}

/** Opens a log; `null`: the client sees no such instance. Another error is thrown. */
function openedLog<Items>(open: () => Items): Items | null {
  try {
    return open();
  } catch (error) {
    if (error instanceof ApiError && error.code === 'INSTANCE_NOT_FOUND') return null;
    throw error;
  }
}

function keyOf({ instance, level, after_seq: after }: LogSubscription): string {
  return JSON.stringify([instance.toLowerCase(), level ?? null, after ?? null]);
}

/** The frames of one read: lines in a row are one frame. */
function newsOf(name: string, items: readonly LogItem[]): LogNews[] {
  const news: LogNews[] = [];
  for (const item of items) {
    const last = news.at(-1);
    if ('gap' in item) news.push({ type: 'log_gap', data: { name, ...item.gap } });
    else if (last?.type === 'log_lines') last.data.lines.push(item);
    else news.push({ type: 'log_lines', data: { name, lines: [item] } });
  }
  return news;
}
