import type { Trigger } from '@llamactl/contract/trigger';
import type { EventSink, KeptEvent } from '../ports/event-sink.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { InstanceStore } from '../ports/instance-store.ts';
import type { Clock } from '../ports/time.ts';
import { NO_TRACE, type Trace } from '../ports/trace.ts';
import { causeOfEnd } from '../why/failure-cause.ts';
import { reasonPhrase } from '../why/reason-phrase.ts';
import type { Effect, InstanceEvent, InstanceState, Reply } from './lifecycle.ts';
import { triggerAfter } from './event-trigger.ts';
import { isRestartDue, withRestartDue } from './transitions.ts';
import { transition } from './state-machine.ts';

/** Carries out effects outside of the mailbox and posts their results back as events. */
export interface EffectRunner {
  /** Must not throw. @param signal Aborted when the phase that requested the effect is over. */
  run(effect: Effect, mailbox: Mailbox, signal: AbortSignal): void;
}

/** The result of a post. */
export interface Posted {
  reply: Reply;
  /** Resolves when the change survives a crash; rejects when it could not be stored. */
  stored: Promise<void>;
}

/** Delay before the retry of a failed save. */
const STORE_AGAIN_MS = 1_000;

/** Most events kept while storing fails. The replay of all instances together holds no more. */
const MOST_UNSTORED_EVENTS = 1_000;

/** Dependencies of a mailbox. */
export interface MailboxDependencies {
  store: Pick<InstanceStore, 'save'>;
  events: EventSink;
  clock: Pick<Clock, 'after'>;
  effects: EffectRunner;
  /** Default: decisions are not traced. */
  trace?: Trace;
  /** Reports that storing or a listener failed. Effects continue, because an engine that cannot be ended is worse. */
  onFault: (error: unknown) => void;
}

/**
 * The only owner of an instance's state. All events of the instance are posted here and take effect in this order. Each is
 * applied synchronously: no await separates reading the state from changing it, so no code acts on an outdated state.
 * Effects run after the change is stored and do not block later events, so a `stop` reaches an engine that takes minutes to
 * load.
 */
export class Mailbox {
  readonly #dependencies: MailboxDependencies;
  readonly #watchers = new Set<() => void>();
  #record: InstanceRecord;
  /** The newest record whose amendment was stored. Older than `#record` while amendments are being stored. */
  #accepted: InstanceRecord;
  #state: InstanceState;
  /** Who or what caused the start or stop under way; not stored. `null`: unknown. */
  #trigger: Trigger | null = null;
  #phase = new AbortController();
  #isClosed = false;
  /** The state before the delete. */
  #beforeClose: InstanceState;
  #isSealed = false;
  #stops = 0;
  /** Whether a retry is scheduled for a change that could not be stored. */
  #isUnstored = false;
  /** Events that were published but could not be stored. The next save includes them. Oldest first. */
  #unstoredEvents: KeptEvent[] = [];
  /** Storing of the newest change. */
  #stored: Promise<void> = Promise.resolve();
  /** Keeps effects in the order of the posts, including posts that stored nothing. */
  #carriedOut: Promise<void> = Promise.resolve();

  constructor(record: InstanceRecord, state: InstanceState, dependencies: MailboxDependencies) {
    this.#record = record;
    this.#accepted = record;
    this.#state = state;
    this.#beforeClose = state;
    this.#dependencies = dependencies;
  }

  get record(): InstanceRecord {
    return this.#record;
  }

  /** The stored name. While a rename is being stored, `record` already has the new name. */
  get acceptedName(): string {
    return this.#accepted.name;
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** True as soon as a delete takes effect. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** True when another process has taken over the instance. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** Number of stops so far. A start compares it before and after its check to notice a stop that arrived meanwhile. */
  get stops(): number {
    return this.#stops;
  }

  /** Resolves when the current state survives a crash; rejects when it could not be stored. */
  get stored(): Promise<void> {
    return this.#stored;
  }

  /**
   * Freezes the instance for another process, which takes over the stored state. From now on this mailbox changes
   * nothing and runs no effect. The other process detects later events by itself, as after a crash.
   */
  seal(): void {
    this.#isSealed = true;
    this.#phase.abort();
  }

  post(event: InstanceEvent): Posted {
    if (this.#isSealed) return sealedPost(transition(this.#state, event).reply);
    if (event.type === 'stop') this.#stops += 1;
    const previous = this.#state;
    const { state, effects, reply, verdict } = transition(previous, event);
    const { trace = NO_TRACE } = this.#dependencies;
    if (trace.isOn && verdict !== undefined)
      trace.note({ kind: 'restart', instance: { id: this.#record.id }, inputs: verdict });
    if (this.#isClosed) return { reply, stored: Promise.resolve() };
    if (reply.kind === 'gone') {
      this.#isClosed = true;
      this.#beforeClose = previous;
    }
    this.#state = state;
    this.#trigger = triggerAfter(this.#trigger, event, previous, state);
    if (phaseOf(previous) !== phaseOf(state) || this.#isClosed) this.#enterPhase();
    const kept = this.#isClosed ? [] : this.#keep(previous, state);
    const mustStore = !this.#isClosed && (kept.length > 0 || isWorthStoring(previous, state));
    const stored = mustStore ? this.#save(kept) : Promise.resolve();
    const { signal } = this.#phase;
    if (mustStore) this.#stored = stored;
    const isStored = stored.catch((error: unknown) => {
      this.#unstoredEvents = [...this.#unstoredEvents, ...kept].slice(-MOST_UNSTORED_EVENTS);
      this.#dependencies.onFault(error);
      this.#storeLater();
    });
    this.#carriedOut = this.#carriedOut
      .then(() => isStored)
      .then(() => {
        try {
          if (this.#isSealed) return;
          for (const effect of effects) this.#dependencies.effects.run(effect, this, signal);
        } finally {
          for (const event of kept) this.#dependencies.events.publish(event);
        }
      })
      .catch(this.#dependencies.onFault);
    this.#notifyWatchers();
    return { reply, stored };
  }

  /**
   * Replaces the record. The caller checks, in the same event-loop turn, that names and ports stay unique.
   *
   * @param events Events about the change, stored with it or not at all.
   * @param restarts Whether the caller posts a restart as soon as this resolves. A due restart is stored with the
   *   record or not at all.
   */
  async amend(record: InstanceRecord, events: readonly KeptEvent[] = [], restarts = false): Promise<void> {
    if (this.#isSealed) throw new Sealed();
    const isMarked = restarts && !isRestartDue(this.#state);
    this.#record = record;
    if (isMarked) this.#state = withRestartDue(this.#state, true);
    this.#notifyWatchers();
    try {
      await this.#save(events);
      this.#accepted = record;
    } catch (error) {
      // A refused record must not take effect, unless a later amendment has built on it.
      if (this.#record === record) this.#record = this.#accepted;
      if (isMarked) this.#state = withRestartDue(this.#state, false);
      this.#notifyWatchers();
      // A state stored meanwhile included the refused record.
      this.#storeLater();
      throw error;
    }
  }

  /** Drops a new instance that could not be stored. No later save can bring it back. */
  abandon(): void {
    this.#isClosed = true;
    this.seal();
    this.#notifyWatchers();
  }

  /** Tries a last time to store an unstored change, before this process ends. */
  async storeAtLast(): Promise<void> {
    if (this.#isUnstored && !this.#isClosed && !this.#isSealed) await this.#save();
  }

  /** Takes the unstored events of a deleted instance. The caller stores them together with the delete. */
  async takeUnstoredEvents(): Promise<KeptEvent[]> {
    // Wait until the last save has succeeded or failed.
    await this.#stored.catch(() => undefined);
    return this.#unstoredEvents.splice(0);
  }

  /**
   * Rolls back a delete that could not be stored. A backoff that the delete ended stays ended, and its event is published.
   *
   * @param unstoredEvents See {@link takeUnstoredEvents}.
   */
  reopen(unstoredEvents: readonly KeptEvent[]): void {
    this.#isClosed = false;
    if (this.#beforeClose.status !== 'restarting') this.#state = this.#beforeClose;
    const kept = this.#keep(this.#beforeClose, this.#state);
    this.#unstoredEvents = [...unstoredEvents, ...this.#unstoredEvents, ...kept].slice(-MOST_UNSTORED_EVENTS);
    for (const event of kept) this.#dependencies.events.publish(event);
    if (this.#unstoredEvents.length > 0) this.#storeLater();
    this.#notifyWatchers();
  }

  /** Schedules a retry of a failed save. */
  #storeLater(): void {
    if (this.#isUnstored) return;
    this.#isUnstored = true;
    this.#dependencies.clock.after(STORE_AGAIN_MS, () => {
      this.#isUnstored = false;
      if (!this.#isClosed && !this.#isSealed) this.#save().catch(() => this.#storeLater());
    });
  }

  /** Stores the current record and state with their events. */
  async #save(events: readonly KeptEvent[] = []): Promise<void> {
    // Take the late events out: an event number can be stored only once, and a second save of it would be refused.
    const late = this.#unstoredEvents.splice(0);
    try {
      await this.#dependencies.store.save({ record: this.#record, state: this.#state }, [...late, ...events]);
    } catch (error) {
      this.#unstoredEvents.unshift(...late);
      throw error;
    }
  }

  /**
   * Resolves when `isReached` accepts the state, possibly at once, or when the instance is deleted. Rejects when
   * `signal` aborts.
   */
  until(isReached: (state: InstanceState) => boolean, signal?: AbortSignal): Promise<InstanceState> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!this.#isClosed && !isReached(this.#state)) return;
        forget();
        resolve(this.#state);
      };
      const leave = (): void => {
        forget();
        reject(signal?.reason instanceof Error ? signal.reason : new Error('no longer waited for'));
      };
      const forget = (): void => {
        this.#watchers.delete(look);
        signal?.removeEventListener('abort', leave);
      };
      this.#watchers.add(look);
      signal?.addEventListener('abort', leave);
      if (signal?.aborted === true) leave();
      else look();
    });
  }

  /** Calls `watcher` synchronously after each post and each change of the record. */
  watch(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  #notifyWatchers(): void {
    for (const watcher of this.#watchers) watcher();
  }

  #enterPhase(): void {
    this.#phase.abort();
    this.#phase = new AbortController();
  }

  /** Keeps the event of a transition, if the status changed. */
  #keep(previous: InstanceState, state: InstanceState): KeptEvent[] {
    if (previous.status === state.status) return [];
    const { id, name, settings } = this.#record;
    const idle = 'goal' in state && state.goal.kind === 'stopped' ? state.goal : null;
    const reason = idle?.reason ?? ('reason' in state ? state.reason : null);
    const phrase = reason === null ? null : reasonPhrase(reason, causeOfEnd(reason, settings));
    const data = {
      name,
      status: state.status,
      previous_status: previous.status,
      ...(reason !== null && { reason }),
      ...(phrase !== null && { phrase }),
      ...(idle?.cause !== undefined && { cause: idle.cause }),
      ...(this.#trigger !== null && { trigger: this.#trigger }),
    };
    return [this.#dependencies.events.keep({ type: 'instance_status_changed', data }, id)];
  }
}

/**
 * The key of a state's phase. A change of the key aborts the effects of the phase: a new deadline aborts a drain, and
 * the end of loading aborts a probe.
 */
function phaseOf(state: InstanceState): string {
  if ('ending' in state) return `${state.run.number} ${state.ending.phase} ${state.ending.deadline}`;
  if (state.status === 'starting') return `${state.run.number} ${state.phase}`;
  if (state.status === 'running') return `${state.run.number} running`;
  return state.status === 'restarting' ? `backoff ${state.until}` : state.status;
}

/**
 * Whether a change must be stored. Two phases are not. After a crash, a start in `preparing` begins again like a queued one,
 * and a start in `restoring` waits again until the engine is ready.
 */
function isWorthStoring(previous: InstanceState, state: InstanceState): boolean {
  const isPassing = state.status === 'starting' && (state.phase === 'preparing' || state.phase === 'restoring');
  return state !== previous && !isPassing;
}

/** Another process has taken over the instance. Nothing was done; the other process may do it. */
export class Sealed extends Error {
  override readonly name = 'Sealed';
  override readonly message = 'the instance belongs to another server now';
}

/** The result of a post to a sealed mailbox: `stored` rejects, without a warning if no caller awaits it. */
function sealedPost(reply: Reply): Posted {
  const stored = Promise.reject<void>(new Sealed());
  stored.catch(() => undefined);
  return { reply, stored };
}
