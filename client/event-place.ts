import type { Frame, Subscribe } from './models.ts';

/** What of the events is wanted. */
export interface EventWish {
  instances: Subscribe['instances'];
  types: Subscribe['types'];
}

/** How far somebody has come in the events, and what they want of them. */
export class EventPlace {
  readonly #types: ReadonlySet<string> | null;
  /** Names ignore case. */
  readonly #instances: ReadonlySet<string> | null;
  /** The number of the last event that is known; `null`: not known yet, and what there is already is not wanted. */
  #seq: number | null;

  constructor({ instances, types }: EventWish, afterSeq: number | null) {
    this.#types = types === undefined ? null : new Set(types);
    this.#instances = instances === undefined ? null : new Set(instances.map((name) => name.toLowerCase()));
    this.#seq = afterSeq;
  }

  /**
   * After what to ask for events. Whoever wants only the present asks for what follows a number that no event has: if
   * there are any, the answer begins with a gap, which says where the events have come to. Without that, whoever loses the
   * connection before the first event could not know what they missed.
   */
  get afterSeq(): number {
    return this.#seq ?? BEFORE_ALL;
  }

  /** The server had its time to tell something: where it has not, there was nothing, and all that comes is new. */
  waited(): void {
    this.#seq ??= 0;
  }

  /** Whether a frame is to be told. */
  take(frame: Frame): boolean {
    if (frame.type === 'gap') return this.#takeGap(frame);
    const isKept = frame.type !== 'instance_stats_updated';
    const isKnown = isKept && this.#seq !== null && frame.seq <= this.#seq;
    if (isKnown) return false;
    if (this.#seq === null || frame.seq > this.#seq) this.#seq = frame.seq;
    return this.#isWanted(frame);
  }

  /** Of what is told after the first one, all that is no newer than it is the past, and not wanted. */
  #takeGap({ data }: Frame & { type: 'gap' }): boolean {
    const isNew = this.#seq === null;
    this.#seq = isNew ? data.last_seq : Math.max(this.#seq ?? 0, data.to_seq);
    return !isNew;
  }

  /** The server leaves out what is not wanted only from the moment that it has been told. */
  #isWanted({ type, data }: Exclude<Frame, { type: 'gap' }>): boolean {
    if (this.#types !== null && !this.#types.has(type)) return false;
    const name = 'name' in data ? data.name : data.instance;
    return name === undefined || this.#instances === null || this.#instances.has(name.toLowerCase());
  }
}

/** 0 would ask for everything that is kept. */
const BEFORE_ALL = 1;
