import type { Subscribe } from '@llamactl/contract/events';
import type { Stats } from '@llamactl/contract/stats';
import type { Clock, KeptEvent } from '../instances/ports.ts';
import type { EventBus } from './bus.ts';
import { gapBytes, messageOfEvent, messageOfStats, type Message } from './message.ts';
import { Outbox, type Parcel, type Wire } from './outbox.ts';
import { createSubscription, type Subscription } from './subscription.ts';

/** What is told to clients as it happens. */
export interface Feed {
  /** A measurement of a running instance: told to who listens now, and not kept. */
  stats(sample: { name: string; stats: Stats }): void;
  /** Adds a client: it gets everything that it may see, until it asks for less. */
  join(client: FeedClient): Seat;
  /** Nobody is told anything any more. */
  close(): void;
}

/** Who wants to be told. */
export interface FeedClient {
  wire: Wire;
  /** Ids of the instances that it may see; `null`: all. */
  instances: ReadonlySet<string> | null;
  /** The number of the last event that it knows; `null`: it wants nothing of the past. */
  afterSeq: number | null;
  /** It is too slow, and has left its seat. */
  onTooSlow: () => void;
}

/** A client's place in the feed. */
export interface Seat {
  /** Replaces what it asked for before. */
  subscribe(wish: Pick<Subscribe, 'instances' | 'types'>): void;
  /** Its wire has taken all that was pending. */
  drained(): void;
  leave(): void;
}

export interface FeedParts {
  clock: Clock;
  bus: Pick<EventBus, 'subscribe' | 'replaySince' | 'lastSeq'>;
  /** The id of an instance; `null`: there is none of this name. */
  idOf: (name: string) => string | null;
}

/** What happens within this time is one write for each client: a write costs the same for one message as for many. */
const BATCH_MS = 50;
/** Clients that are written to in one turn of the event loop: 10 µs each for one event, more for many. */
const CLIENTS_A_TURN = 64;
/** Sooner than that when writing takes longer. */
const LONGEST_TURN_MS = 3;

/** Messages that are sent together. */
interface Batch {
  /** The place of its first message among all there ever were. */
  first: number;
  messages: readonly Message[];
  /** By the key of the subscription. */
  parcels: Map<string, Parcel>;
}

/** One client. */
interface Listener {
  /** The place of the first message that it has not been told by the replay. */
  from: number;
  subscription: Subscription;
  outbox: Outbox;
  giveUp(): void;
}

/** Tells all clients of all events, a bounded amount of work at a time. */
export function createFeed({ clock, bus, idOf }: FeedParts): Feed {
  const listeners = new Set<Listener>();
  /** Shared with replays to come: many clients come back at once after a restart. */
  const known = new WeakMap<KeptEvent, Message>();
  let pending: Message[] = [];
  /** The place of the next message. */
  let next = 0;
  let state: 'idle' | 'scheduled' | 'writing' = 'idle';
  let lastWriteAt = -Infinity;

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

  /** An event after a silence is told at once; figures wait for those of the other instances. */
  const schedule = (): void => {
    state = 'scheduled';
    const wait = pending.some(({ isStats }) => !isStats) ? lastWriteAt + BATCH_MS - clock.elapsed() : BATCH_MS;
    if (wait <= 0) clock.nextTurn(write);
    else clock.after(Math.min(wait, BATCH_MS), write);
  };

  const write = (): void => {
    state = 'writing';
    lastWriteAt = clock.elapsed();
    const batch = { first: next - pending.length, messages: pending, parcels: new Map<string, Parcel>() };
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
      if (!client.outbox.send(parcelFor(client, batch))) client.giveUp();
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
    // Nobody is there to whom it could be told.
    if (listeners.size === 0) pending = [];
  };

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

    join: ({ wire, instances, afterSeq, onTooSlow }) => {
      const listener: Listener = {
        from: next,
        subscription: createSubscription(instances, {}),
        outbox: new Outbox(wire),
        giveUp: () => {
          forget(listener);
          onTooSlow();
        },
      };
      listeners.add(listener);
      if (afterSeq !== null) {
        const { gap, events } = bus.replaySince(afterSeq);
        const wanted = parcelOf(events.map(messageOf), listener.subscription).all;
        const told = gap === null ? [] : [gapBytes(gap, bus.lastSeq, new Date(clock.now()).toISOString())];
        const bytes = Buffer.concat([...told, wanted]);
        listener.outbox.send({ all: bytes, essential: bytes });
      }
      return {
        subscribe: (wish) => {
          listener.subscription = createSubscription(instances, wish);
        },
        drained: () => listener.outbox.drained(),
        leave: () => forget(listener),
      };
    },

    close: () => {
      unsubscribe();
      listeners.clear();
      pending = [];
    },
  };
}

function parcelFor({ from, subscription }: Listener, { first, messages, parcels }: Batch): Parcel {
  // It came while the batch was waiting, and has been told its beginning by the replay, or does not want it.
  if (from > first) return parcelOf(messages.slice(from - first), subscription);
  const parcel = parcels.get(subscription.key) ?? parcelOf(messages, subscription);
  parcels.set(subscription.key, parcel);
  return parcel;
}

function parcelOf(messages: readonly Message[], subscription: Subscription): Parcel {
  const wanted = messages.filter((message) => subscription.wants(message));
  const essential = wanted.filter(({ isStats }) => !isStats);
  const all = Buffer.concat(wanted.map(({ bytes }) => bytes));
  if (essential.length === wanted.length) return { all, essential: all };
  return { all, essential: Buffer.concat(essential.map(({ bytes }) => bytes)) };
}
