import { MOST_KEPT_EVENTS } from '@llamactl/contract/event-history';
import type { ReplayStore } from '../instances/ports/event-replay.ts';
import type { KeptEvent } from '../instances/ports/event-sink.ts';
import type { InstanceStore, StoredInstance } from '../instances/ports/instance-store.ts';
import { MemoryCommits } from './memory-commits.ts';

const REPLAYED = 1_000;
/** How many event numbers are taken at once. */
const BLOCK = 1_000;

/**
 * An {@link InstanceStore} in memory, with its replay. It commits at the end of the turn, like the real one. The object
 * stands for the data directory: a test that restarts the server passes it to the next one.
 */
export class MemoryStore implements InstanceStore {
  readonly dataDirId: string;
  readonly replay: ReplayStore;
  /** Rows as JSON, so that later changes of the callers' objects do not change them. */
  #rows = new Map<string, { name: string; json: string }>();
  /** Events as JSON, by number. */
  #events = new Map<number, string>();
  readonly #commits = new MemoryCommits();
  /** Every event number below this may be in use. */
  #takenBelow = 0;

  constructor(dataDirId = 'memory') {
    this.dataDirId = dataDirId;
    this.replay = {
      load: async () => this.events,
      read: async ({ before, containing, limit }) =>
        this.#all
          .filter(({ seq, event }) => seq < before && JSON.stringify(event).includes(containing ?? ''))
          .toReversed()
          .slice(0, limit),
      oldest: async () => this.#all[0]?.seq ?? null,
      append: (events) => this.#enqueue(events, () => undefined),
      takeNumbers: (least) => {
        const first = Math.max(least, this.#takenBelow);
        this.#takenBelow = first + BLOCK;
        return { first, end: this.#takenBelow };
      },
    };
  }

  /** While set, commits fail with this error and change nothing, as on a full disk. */
  get failure(): Error | null {
    return this.#commits.failure;
  }

  set failure(failure: Error | null) {
    this.#commits.failure = failure;
  }

  /** Number of commits that succeeded. */
  get commits(): number {
    return this.#commits.count;
  }

  /** Kills the server: uncommitted changes are lost. */
  crash(): void {
    this.#commits.drop();
  }

  /** The events that the replay would load. */
  get events(): KeptEvent[] {
    return this.#all.slice(-REPLAYED);
  }

  get #all(): KeptEvent[] {
    return [...this.#events]
      .toSorted(([a], [b]) => a - b)
      .slice(-MOST_KEPT_EVENTS)
      .map(([, json]) => JSON.parse(json) as KeptEvent);
  }

  async load(): Promise<StoredInstance[]> {
    return [...this.#rows.values()].map((row) => JSON.parse(row.json) as StoredInstance);
  }

  async save(instance: StoredInstance, events: readonly KeptEvent[] = []): Promise<void> {
    const { id, name } = instance.record;
    const json = JSON.stringify(instance);
    await this.#enqueue(events, () => {
      const isTaken = [...this.#rows].some(([other, row]) => other !== id && row.name === name.toLowerCase());
      if (isTaken) throw new Error('Another instance has this name; nothing was stored.');
      this.#rows.set(id, { name: name.toLowerCase(), json });
    });
  }

  async remove(id: string, events: readonly KeptEvent[] = []): Promise<void> {
    await this.#enqueue(events, () => {
      this.#rows.delete(id);
    });
  }

  /** @param change Throws if it is refused, and then has changed nothing. */
  #enqueue(events: readonly KeptEvent[], change: () => void): Promise<void> {
    const kept = events.map((event) => [event.seq, JSON.stringify(event)] as const);
    const apply = (): void => {
      if (kept.some(([seq]) => this.#events.has(seq))) {
        throw new Error('An event has this number already; nothing was stored.');
      }
      change();
      for (const [seq, json] of kept) this.#events.set(seq, json);
    };
    return this.#commits.add(apply);
  }
}
