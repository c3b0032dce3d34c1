import { MOST_KEPT_EVENTS, type AlertHistory, type Events, type PastEvent } from '@llamactl/contract/event-history';
import type { ReplayStore } from '../instances/ports/event-replay.ts';
import type { KeptEvent } from '../instances/ports/event-sink.ts';
import { nextTurn, type Clock } from '../instances/ports/time.ts';
import { pastAlerts } from './alert-history.ts';
import type { EventBus } from './bus.ts';
import { eventAsSeen } from './event-sight.ts';
import { pastEventOf, subjectOf } from './message.ts';
import { maySee } from './subscription.ts';

/** Which entries of the history a caller wants, and may see. */
export interface HistoryQuery {
  /** Ids of the instances that the caller may see; `null`: all. */
  visible: ReadonlySet<string> | null;
  /** Whether the caller may see who caused changes of status. */
  seesCallers: boolean;
  /** Only about this instance. `id`: of the present instance of this name; `null`: none has it. */
  instance: { name: string; id: string | null } | null;
  /** Only entries with a smaller number. */
  before: number;
  limit: number;
}

export interface EventHistoryDependencies {
  clock: Pick<Clock, 'nextTurn'>;
  bus: Pick<EventBus, 'replaySince'>;
  store: Pick<ReplayStore, 'read' | 'oldest'>;
  /** Id of an existing instance. */
  idOf: (name: string) => string | null;
}

/** Events read in one turn of the event loop: 2 ms. */
const PAGE = 500;

/** Reads kept events: the newest in memory, which may not be on the disk yet, and older ones from the store. */
export class EventHistory {
  readonly #dependencies: EventHistoryDependencies;

  constructor(dependencies: EventHistoryDependencies) {
    this.#dependencies = dependencies;
  }

  /** Lists events, newest first. @param type Only of this type; `null`: all. */
  async events(query: HistoryQuery, type: PastEvent['type'] | null): Promise<Events> {
    const found: KeptEvent[] = [];
    for await (const kept of this.#backwards(query.before, type)) {
      if (this.#isWanted(kept, query)) found.push(kept);
      if (found.length > query.limit) break;
    }
    const events = found
      .slice(0, query.limit)
      .map((kept) => pastEventOf({ ...kept, event: eventAsSeen(kept.event, query, this.#dependencies.idOf) }));
    return { events, more: found.length > query.limit, oldest_seq: await this.#oldest() };
  }

  /** Lists alerts; the one that was raised last comes first. */
  async alerts(query: HistoryQuery): Promise<AlertHistory> {
    const found: KeptEvent[] = [];
    for await (const kept of this.#backwards(Number.MAX_SAFE_INTEGER, 'system_alert')) {
      if (this.#isWanted(kept, query)) found.push(kept);
    }
    const alerts = pastAlerts(found.toReversed()).filter(({ seq }) => seq < query.before);
    return {
      alerts: alerts.slice(0, query.limit),
      more: alerts.length > query.limit,
      oldest_seq: await this.#oldest(),
    };
  }

  /** Yields events from the newest on. Lets other work run between pages. */
  async *#backwards(before: number, type: PastEvent['type'] | null): AsyncGenerator<KeptEvent, void, void> {
    const { clock, bus, store } = this.#dependencies;
    const inMemory = bus.replaySince(0).events;
    const isOfType = ({ event }: KeptEvent): boolean => type === null || event.type === type;
    yield* inMemory.toReversed().filter((kept) => kept.seq < before && isOfType(kept));
    const containing = type === null ? null : `"${type}"`;
    let next = Math.min(before, inMemory[0]?.seq ?? Infinity, Number.MAX_SAFE_INTEGER);
    for (let seen = 0; seen < MOST_KEPT_EVENTS; seen += PAGE) {
      await nextTurn(clock);
      const page = await store.read({ before: next, containing, limit: PAGE });
      yield* page.filter(isOfType);
      if (page.length < PAGE) return;
      next = page.at(-1)?.seq ?? 0;
    }
  }

  #isWanted(kept: KeptEvent, { visible, instance: wanted }: HistoryQuery): boolean {
    const subject = subjectOf(kept, this.#dependencies.idOf);
    if (!maySee(visible, subject)) return false;
    if (wanted === null) return true;
    if (wanted.id !== null && subject.instance === wanted.id) return true;
    const name = wanted.name.toLowerCase();
    return subject.name?.toLowerCase() === name || subject.previousName?.toLowerCase() === name;
  }

  async #oldest(): Promise<number | null> {
    const { bus, store } = this.#dependencies;
    const [inMemory] = bus.replaySince(0).events;
    return (await store.oldest()) ?? inMemory?.seq ?? null;
  }
}
