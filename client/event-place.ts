import type { EventWishes } from './event-wishes.ts';
import type { Frame } from './models.ts';

/** Which events to yield. It may change while events come. */
export type EventFilter = Readonly<Pick<EventWishes, 'instances' | 'types'>>;

/** The position of a client in the events, and its filter. */
export class EventPlace {
  readonly #filter: EventFilter;
  /** The `seq` of the last known event; `null`: not yet known, and past events are not wanted. */
  #seq: number | null;

  constructor(filter: EventFilter, afterSeq: number | null) {
    this.#filter = filter;
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
    const isKnown = !PASSING.has(frame.type) && this.#seq !== null && frame.seq <= this.#seq;
    if (isKnown) return false;
    if (this.#seq === null || frame.seq > this.#seq) this.#seq = frame.seq;
    return isWanted(frame, this.#filter);
  }

  /** The first gap only sets the position: events up to its `last_seq` are past. */
  #takeGap({ data }: Frame & { type: 'gap' }): boolean {
    const isNew = this.#seq === null;
    this.#seq = isNew ? data.last_seq : Math.max(this.#seq ?? 0, data.to_seq);
    return !isNew;
  }
}

/** Filters frames here too, because the server filters them only after it got the subscription. */
function isWanted({ type, data }: Exclude<Frame, { type: 'gap' }>, { instances, types }: EventFilter): boolean {
  if (type === 'log_lines' || type === 'log_gap') return true;
  if (types !== undefined && !types.includes(type)) return false;
  // Decisions come only after a subscription, and one of another instance may concern a wanted one.
  if (type === 'decision' || instances === undefined) return true;
  const name = 'name' in data ? data.name : 'instance' in data ? data.instance : undefined;
  return typeof name !== 'string' || instances.some((wanted) => wanted.toLowerCase() === name.toLowerCase());
}

/** Types of frames that are not kept. They repeat the `seq` of the last kept one. */
const PASSING: ReadonlySet<Frame['type']> = new Set([
  'instance_stats_updated',
  'requests_updated',
  'request_started',
  'request_finished',
  'system_stats_updated',
  'instance_load_progress',
  'instances_refreshed',
  'log_lines',
  'log_gap',
  'decision',
] as const);

/** No event has this number. 0 would request all kept events. */
const BEFORE_ALL = 1;
