import type { Frame, Subscribe } from './models.ts';

/** Which events to yield. */
export interface EventFilter {
  instances: Subscribe['instances'];
  types: Subscribe['types'];
}

/** The position of a client in the events, and its filter. */
export class EventPlace {
  readonly #types: ReadonlySet<string> | null;
  /** Names in lower case. */
  readonly #instances: ReadonlySet<string> | null;
  /** The `seq` of the last known event; `null`: not yet known, and past events are not wanted. */
  #seq: number | null;

  constructor({ instances, types }: EventFilter, afterSeq: number | null) {
    this.#types = types === undefined ? null : new Set(types);
    this.#instances = instances === undefined ? null : new Set(instances.map((name) => name.toLowerCase()));
    this.#seq = afterSeq;
  }

  /**
   * The `after_seq` of the next connection. If past events are not wanted, it is a number that no event has. The server
   * then starts with a gap that contains the newest `seq`, if any event exists. Without that, a client that loses its
   * connection before the first event could not know which events it missed.
   */
  get afterSeq(): number {
    return this.#seq ?? BEFORE_ALL;
  }

  /**
   * Call it when a gap would have come: after a close frame, or a silent connection. Without a gap no event existed, so all
   * later events are new.
   */
  waited(): void {
    this.#seq ??= 0;
  }

  /** Records a frame and returns whether to yield it. */
  take(frame: Frame): boolean {
    if (frame.type === 'gap') return this.#takeGap(frame);
    const isKept = frame.type !== 'instance_stats_updated' && frame.type !== 'decision';
    const isKnown = isKept && this.#seq !== null && frame.seq <= this.#seq;
    if (isKnown) return false;
    if (this.#seq === null || frame.seq > this.#seq) this.#seq = frame.seq;
    return this.#isWanted(frame);
  }

  /** The first gap only sets the position: events up to its `last_seq` are past. */
  #takeGap({ data }: Frame & { type: 'gap' }): boolean {
    const isNew = this.#seq === null;
    this.#seq = isNew ? data.last_seq : Math.max(this.#seq ?? 0, data.to_seq);
    return !isNew;
  }

  /** Filters frames here too, because the server filters them only after it got the subscription. */
  #isWanted({ type, data }: Exclude<Frame, { type: 'gap' }>): boolean {
    if (this.#types !== null && !this.#types.has(type)) return false;
    // Decisions come only after a subscription, and one of another instance may concern a wanted one.
    if (type === 'decision') return true;
    const name = 'name' in data ? data.name : 'instance' in data ? data.instance : undefined;
    return name === undefined || this.#instances === null || this.#instances.has(name.toLowerCase());
  }
}

/** No event has this number. 0 would request all kept events. */
const BEFORE_ALL = 1;
