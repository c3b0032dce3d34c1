import type { Frame } from '@llamactl/client';
import { NAMED_TYPES } from '@llamactl/contract/events';

/** So many of the newest events are kept, to be compared with those that are stored. */
const KEPT = 3_000;

/** Whether the frame is one of those that only a subscription by name brings. */
function isNamed(frame: Frame): frame is Frame & { type: NamedType } {
  return (NAMED as readonly string[]).includes(frame.type);
}

type NamedType = (typeof NAMED)[number];
const NAMED = [...NAMED_TYPES, 'log_lines', 'log_gap'] as const;

/** What a server tells of instances, from its first event on, over all its lives: each event has to follow from those before. */
export class EventChain {
  readonly faults: string[] = [];
  /** The status of each instance that there is. */
  readonly #statuses = new Map<string, string>();
  readonly #seqs = new Set<number>();
  #lastSeq = 0;
  /** Of instances that are not known here nothing is known. */
  #isForgetful = false;
  count = 0;
  /** How often who entered what. */
  readonly entered = new Map<string, number>();

  /**
   * Events that were sent may not be stored: the server ended when it could not write. From now on each instance begins with
   * the first event that comes of it.
   */
  forget(): void {
    this.#statuses.clear();
    this.#seqs.clear();
    this.#lastSeq = 0;
    this.#isForgetful = true;
  }

  add(frame: Frame): void {
    const { type, seq } = frame;
    if (type === 'gap') return this.#fault('events are missing', frame);
    // They are sent only to those who ask for them.
    if (isNamed(frame)) return this.#fault('a frame that no client subscribed to', frame);
    if (type === 'instance_stats_updated') {
      if (seq !== this.#lastSeq && this.#lastSeq > 0)
        this.#fault('figures with another number than that of the last event', frame);
      return;
    }
    if (seq <= this.#lastSeq) this.#fault(`a number that is not above ${this.#lastSeq}`, frame);
    this.#lastSeq = seq;
    // Alerts and refusals are of the moment: a killed server may have sent one that it had not stored.
    if (type === 'system_alert' || type === 'instance_start_refused' || type === 'download_progress') return;
    this.count += 1;
    this.#seqs.add(seq);
    for (const old of this.#seqs.values().take(Math.max(0, this.#seqs.size - KEPT))) this.#seqs.delete(old);
    const { name } = frame.data;
    const before = this.#statuses.get(name);
    const isFirst = before === undefined && this.#isForgetful;
    if (!isFirst && (before === undefined) !== (type === 'instance_created')) {
      this.#fault(before === undefined ? 'there is no such instance' : 'it exists already', frame);
    }
    if (type === 'instance_created') this.#statuses.set(name, 'stopped');
    if (type === 'instance_deleted') this.#statuses.delete(name);
    if (type !== 'instance_status_changed') return;
    if (before !== undefined && frame.data.previous_status !== before) this.#fault(`it was ${before} before`, frame);
    this.#statuses.set(name, frame.data.status);
    const entry = `${name} ${frame.data.status}`;
    this.entered.set(entry, (this.entered.get(entry) ?? 0) + 1);
  }

  /** The status of these instances by the events, in the form of the given list. */
  shownByEvents(shown: readonly { name: string; status: string }[]): string[] {
    const unknown = this.#isForgetful ? shown.filter(({ name }) => !this.#statuses.has(name)) : [];
    const known = [...this.#statuses].map(([name, status]) => ({ name, status }));
    return [...known, ...unknown].map(({ name, status }) => `${name} ${status}`).toSorted();
  }

  /** Numbers that were sent and are not stored, and the other way round, in the span that both know. */
  differences(stored: readonly number[]): string[] {
    const [first = Infinity] = stored;
    const known = new Set(stored);
    const [firstTold = Infinity] = this.#seqs;
    const lost = [...this.#seqs].filter((seq) => seq >= first && !known.has(seq));
    const unsent = stored.filter((seq) => seq >= firstTold && !this.#seqs.has(seq));
    return [
      ...lost.map((seq) => `event ${seq} was sent and is not stored`),
      ...unsent.map((seq) => `event ${seq} is stored and was not sent`),
    ];
  }

  #fault(what: string, frame: Frame): void {
    this.faults.push(`${what}: ${JSON.stringify(frame)}`);
  }
}
