import type { DownloadProgress } from '@llamactl/contract/download';
import type { Subscribe } from '@llamactl/contract/events';
import type { Stats } from '@llamactl/contract/stats';
import type { KeptEvent } from '../instances/ports/event-sink.ts';
import type { Clock } from '../instances/ports/time.ts';
import type { EventBus } from './bus.ts';
import {
  gapBytes,
  messageOfDecision,
  messageOfDownload,
  messageOfEvent,
  messageOfNews,
  messageOfStats,
  type LiveNews,
  type Message,
} from './message.ts';
import { Outbox, type Parcel, type Wire } from './outbox.ts';
import { createSubscription, type NamedType, type Subscription } from './subscription.ts';
import type { DecisionSource, TracedDecision } from './decision-trace.ts';

/** Sends events, statistics and decisions to clients as they happen. */
export interface Feed {
  /** Sends a measurement of a running instance to the current clients. The feed does not keep it. */
  stats(sample: { name: string; stats: Stats }): void;
  /** Sends the progress of a download to the current clients; it is not kept. */
  download(progress: DownloadProgress): void;
  /** Sends a frame that is not kept to the clients that subscribe to its type by name. */
  send(news: LiveNews): void;
  /** Whether a client subscribes to this type by name. Takes nanoseconds. */
  wants(type: NamedType): boolean;
  /** Adds a client. It gets everything that it may see, until it subscribes to less. */
  join(client: FeedClient): Seat;
  /** Sends nothing more. */
  close(): void;
}

/** A client that joins the feed. */
export interface FeedClient {
  wire: Wire;
  /** Ids of the instances that the client may see; `null`: all. */
  instances: ReadonlySet<string> | null;
  /** Whether the client may see who sent the requests of others. */
  seesCallers: boolean;
  /** The name with which requests of this client's caller are recorded. */
  caller: string;
  /** The number of the last event that the client knows; `null`: no replay. */
  afterSeq: number | null;
  /** Called when the client is too slow, after the feed has removed it. */
  onTooSlow: () => void;
}

/** A client's membership in the feed. */
export interface Seat {
  /** Replaces the client's previous subscription. */
  subscribe(request: Pick<Subscribe, 'instances' | 'types'>): void;
  /** Call when the wire has taken all pending bytes. */
  drained(): void;
  /**
   * The number of the last event that was written to the client, for frames that others write to it. Events wait up to
   * 50 ms. A frame with the number of an event that still waits would make the client take that event for a repetition.
   */
  readonly lastSeq: number;
  leave(): void;
}

export interface FeedDependencies {
  clock: Clock;
  bus: Pick<EventBus, 'subscribe' | 'replaySince' | 'lastSeq'>;
  /** The id of an instance; `null`: no instance has this name. */
  idOf: (name: string) => string | null;
  /** The feed listens to this source only while a client wants decisions. Default: clients get no decisions. */
  decisions?: DecisionSource;
  /** Called after each change of what clients subscribe to by name. */
  onWishes?: () => void;
}

/** Messages within this time go out in one write to each client: a write costs the same for one message as for many. */
const BATCH_MS = 50;
/** Most clients written to in one turn of the event loop: each takes 10 µs for one event, more for many. */
const CLIENTS_A_TURN = 64;
/** A turn ends after this time, however few clients it wrote to. */
const LONGEST_TURN_MS = 3;

/** Messages that are sent together. */
interface Batch {
  /** Position of the first message among all messages since the start. */
  first: number;
  messages: readonly Message[];
  /** The number of the last event among them, or before them. */
  lastSeq: number;
  /** By subscription key. */
  parcels: Map<string, Parcel>;
}

/** One client. */
interface Listener {
  /** Position of the first message that the client's replay does not include. */
  from: number;
  subscription: Subscription;
  outbox: Outbox;
  giveUp(): void;
}

/** Creates a feed, which does a bounded amount of work in each turn of the event loop. */
export function createFeed({ clock, bus, idOf, decisions, onWishes }: FeedDependencies): Feed {
  const listeners = new Set<Listener>();
  /** Encoded events, shared with later replays: after a restart many clients reconnect at once. */
  const known = new WeakMap<KeptEvent, Message>();
  let pending: Message[] = [];
  /** Position of the next message. */
  let next = 0;
  let state: 'idle' | 'scheduled' | 'writing' = 'idle';
  let lastWriteAt = -Infinity;
  let stopTracing: (() => void) | null = null;
  /** The types that clients subscribe to by name. */
  let wanted: ReadonlySet<string> = new Set();

  const messageOf = (kept: KeptEvent): Message => {
    const message = known.get(kept) ?? messageOfEvent(kept, idOf);
    known.set(kept, message);
    return message;
  };

  const add = (message: Message): void => {
    next += 1;
    pending.push(message);
    if (state === 'idle') schedule();
  };

  /**
   * Schedules the next write. After a pause, an event is sent at once; fleeting messages always wait for more messages.
   */
  const schedule = (): void => {
    state = 'scheduled';
    const wait = pending.some(({ isFleeting }) => !isFleeting) ? lastWriteAt + BATCH_MS - clock.elapsed() : BATCH_MS;
    if (wait <= 0) clock.nextTurn(write);
    else clock.after(Math.min(wait, BATCH_MS), write);
  };

  const write = (): void => {
    state = 'writing';
    lastWriteAt = clock.elapsed();
    const first = next - pending.length;
    const batch = { first, messages: pending, lastSeq: bus.lastSeq, parcels: new Map<string, Parcel>() };
    pending = [];
    writeSome(batch, [...listeners], 0);
  };

  const writeSome = (batch: Batch, clients: readonly Listener[], start: number): void => {
    const begun = clock.elapsed();
    const end = Math.min(start + CLIENTS_A_TURN, clients.length);
    let index = start;
    while (index < end && clock.elapsed() - begun < LONGEST_TURN_MS) {
      const client = clients[index];
      index += 1;
      if (client === undefined || !listeners.has(client)) continue;
      if (!client.outbox.send(parcelFor(client, batch), batch.lastSeq)) client.giveUp();
    }
    if (index < clients.length) {
      clock.nextTurn(() => writeSome(batch, clients, index));
      return;
    }
    state = 'idle';
    if (pending.length > 0) schedule();
  };

  const forget = (listener: Listener): void => {
    listeners.delete(listener);
    if (listeners.size === 0) pending = [];
    noteWishes();
  };

  /** Collects what clients want by name. Listens to decisions while a client wants them: until then they cost nothing. */
  const noteWishes = (): void => {
    wanted = new Set(listeners.values().flatMap(({ subscription }) => subscription.named));
    onWishes?.();
    const isWanted = wanted.has('decision');
    if (isWanted && stopTracing === null) stopTracing = decisions?.listen(addDecision) ?? null;
    if (isWanted || stopTracing === null) return;
    stopTracing();
    stopTracing = null;
  };

  const addDecision = (decision: TracedDecision): void =>
    add(messageOfDecision(decision, bus.lastSeq, new Date(clock.now()).toISOString()));

  const unsubscribe = bus.subscribe((_event, kept) => {
    if (listeners.size > 0) add(messageOf(kept));
  });

  return {
    stats: ({ name, stats }) => {
      if (listeners.size === 0) return;
      const timestamp = new Date(clock.now()).toISOString();
      const frame = { type: 'instance_stats_updated', timestamp, seq: bus.lastSeq, data: { name, stats } } as const;
      add(messageOfStats(frame, idOf(name)));
    },

    download: (data) => {
      if (listeners.size === 0) return;
      const timestamp = new Date(clock.now()).toISOString();
      add(messageOfDownload({ type: 'download_progress', timestamp, seq: bus.lastSeq, data }));
    },

    send: (news) => {
      if (!wanted.has(news.type)) return;
      const frame = { ...news, timestamp: new Date(clock.now()).toISOString(), seq: bus.lastSeq };
      add(messageOfNews(frame, idOf));
    },

    wants: (type) => wanted.has(type),

    join: ({ wire, instances, seesCallers, caller, afterSeq, onTooSlow }) => {
      const listener: Listener = {
        from: next,
        subscription: createSubscription({ visible: instances, seesCallers, caller }, {}),
        outbox: new Outbox(wire, bus.lastSeq),
        giveUp: () => {
          forget(listener);
          onTooSlow();
        },
      };
      listeners.add(listener);
      if (afterSeq !== null) {
        const { gap, events } = bus.replaySince(afterSeq);
        const wanted = parcelOf(events.map(messageOf), listener.subscription).all;
        const gapFrame = gap === null ? [] : [gapBytes(gap, bus.lastSeq, new Date(clock.now()).toISOString())];
        const bytes = Buffer.concat([...gapFrame, wanted]);
        listener.outbox.send({ all: bytes, essential: bytes }, bus.lastSeq);
      }
      return {
        subscribe: (request) => {
          listener.subscription = createSubscription({ visible: instances, seesCallers, caller }, request);
          noteWishes();
        },
        drained: () => listener.outbox.drained(),
        get lastSeq() {
          return listener.outbox.lastSeq;
        },
        leave: () => forget(listener),
      };
    },

    close: () => {
      unsubscribe();
      listeners.clear();
      noteWishes();
      pending = [];
    },
  };
}

function parcelFor({ from, subscription }: Listener, { first, messages, parcels }: Batch): Parcel {
  // The client joined while the batch was waiting: its replay has the first messages, or it wants no replay.
  if (from > first) return parcelOf(messages.slice(from - first), subscription);
  const parcel = parcels.get(subscription.key) ?? parcelOf(messages, subscription);
  parcels.set(subscription.key, parcel);
  return parcel;
}

function parcelOf(messages: readonly Message[], subscription: Subscription): Parcel {
  const wanted = messages.filter((message) => subscription.wants(message));
  const essential = wanted.filter(({ isFleeting }) => !isFleeting);
  const all = Buffer.concat(wanted.map((message) => subscription.bytesOf(message)));
  if (essential.length === wanted.length) return { all, essential: all };
  return { all, essential: Buffer.concat(essential.map((message) => subscription.bytesOf(message))) };
}
