import type { Frame, Subscribe } from './models.ts';

/** Which frames a client wants. Each list that is left out, or `undefined`, has its default. */
export interface EventWishes {
  /** Names, ignoring case, also of future instances. Alerts of the whole system come in any case. Default all. */
  instances?: Subscribe['instances'];
  /** Types of events. Default all but those that have to be named, such as `decision` and `requests_updated`. */
  types?: Subscribe['types'];
  /**
   * Logs whose lines to yield, as `log_lines` and `log_gap`. Give `after_seq`: without it, lines that are written while
   * the connection is lost are missing if no line came before. Default none.
   */
  logs?: Subscribe['logs'];
}

type LogWish = NonNullable<Subscribe['logs']>[number];

/** A log that is followed, over connections and changes of the subscription. */
interface FollowedLog {
  wish: LogWish;
  /** Where the current connection began. */
  from: number | undefined;
  /** The last line that came; `undefined`: none. */
  seen: number | undefined;
}

/** The subscription of a stream of events. It can change while a connection is open. */
export class Subscription {
  /** Called after each change, with the message to send. */
  onChange: ((message: string) => void) | null = null;
  #wishes: EventWishes;
  #logs: FollowedLog[];

  constructor({ instances, types, logs }: EventWishes) {
    this.#wishes = { instances, types };
    this.#logs = (logs ?? []).map(newlyFollowed);
  }

  get instances(): EventWishes['instances'] {
    return this.#wishes.instances;
  }

  get types(): EventWishes['types'] {
    return this.#wishes.types;
  }

  /** Replaces the subscription. A log that was followed before with equal terms goes on where it is. */
  replace({ instances, types, logs = [] }: EventWishes): void {
    const before = this.#logs;
    this.#wishes = { instances, types };
    this.#logs = logs.map((wish) => before.find((each) => isEqual(each.wish, wish)) ?? newlyFollowed(wish));
    this.onChange?.(this.#message());
  }

  /** The first message of a connection: logs go on after the last line that came. */
  greeting(): string {
    for (const log of this.#logs) log.from = log.seen ?? log.wish.after_seq;
    return this.#message();
  }

  /** Notes how far logs have come. */
  take(frame: Frame): void {
    if (frame.type !== 'log_lines' && frame.type !== 'log_gap') return;
    const { data } = frame;
    const seq = 'lines' in data ? data.lines.at(-1)?.seq : data.to_seq;
    for (const log of this.#logs) if (log.wish.instance === data.name) log.seen = seq ?? log.seen;
  }

  #message(): string {
    const { instances, types } = this.#wishes;
    const logs = this.#logs.map(({ wish, from }) => ({ ...wish, after_seq: from }));
    return JSON.stringify({ type: 'subscribe', instances, types, ...(logs.length > 0 && { logs }) });
  }
}

function newlyFollowed(wish: LogWish): FollowedLog {
  return { wish, from: wish.after_seq, seen: undefined };
}

function isEqual(one: LogWish, other: LogWish): boolean {
  return one.instance === other.instance && one.level === other.level && one.after_seq === other.after_seq;
}
