import type { Clock, EventSink, InstanceRecord, InstanceStore, KeptEvent } from '../ports.ts';
import type { Effect, InstanceEvent, InstanceState, Reply } from './lifecycle.ts';
import { isRestartDue, withRestartDue } from './restart-due.ts';
import { transition } from './state-machine.ts';

/** Carries out effects, outside of the mailbox; what comes of them is posted back as events. */
export interface EffectRunner {
  /** @param signal Aborted when the phase that asked for the effect is over. Must not throw. */
  run(effect: Effect, mailbox: Mailbox, signal: AbortSignal): void;
}

/** What came of a post. */
export interface Posted {
  reply: Reply;
  /** Resolves when what the post changed survives a crash; rejects when it could not be stored. */
  stored: Promise<void>;
}

/** Until what could not be stored is tried again. */
const STORE_AGAIN_MS = 1_000;

/** Kept while nothing can be stored; the replay holds no more of all instances together. */
const MOST_UNSTORED_EVENTS = 1_000;

/** What a mailbox needs of the outside. */
export interface MailboxDependencies {
  store: Pick<InstanceStore, 'save'>;
  events: EventSink;
  clock: Pick<Clock, 'after'>;
  effects: EffectRunner;
  /** The state could not be stored, or a listener failed; effects go on, because an engine that cannot be ended is worse. */
  onFault: (error: unknown) => void;
}

/**
 * The one owner of an instance's state. Whatever happens to the instance is posted here, and takes effect in the order of
 * posting, each event at once and whole: there is no await between reading the state and changing it, so nobody can act
 * on a state that is no longer true. Effects run after the change is stored and never inside of it, so a `stop` reaches
 * an engine that takes minutes to load.
 */
export class Mailbox {
  readonly #dependencies: MailboxDependencies;
  readonly #watchers = new Set<() => void>();
  #record: InstanceRecord;
  /** The newest that was not refused: an older one than `#record` while amendments are being stored. */
  #accepted: InstanceRecord;
  #state: InstanceState;
  #phase = new AbortController();
  #isClosed = false;
  /** What the delete found. */
  #beforeClose: InstanceState;
  #isSealed = false;
  #stops = 0;
  /** The state was changed, and the change could not be stored. */
  #isUnstored = false;
  /** Told already, although they could not be stored: they go with the next save. Oldest first. */
  #unstoredEvents: KeptEvent[] = [];
  /** The newest change. */
  #stored: Promise<void> = Promise.resolve();
  /** Keeps effects in the order of the posts, also where one of them had nothing to store. */
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

  get state(): InstanceState {
    return this.#state;
  }

  /** True from the moment a delete took effect. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Another process has taken the instance up. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** Stops asked for so far. Who looks at the disk before a start sees by it that a stop came in meanwhile. */
  get stops(): number {
    return this.#stops;
  }

  /** Resolves when the state as it is now survives a crash; rejects when it could not be stored. */
  get stored(): Promise<void> {
    return this.#stored;
  }

  /**
   * Another process takes the instance up as it is stored: from now on nothing changes it here and nothing is done for it.
   * What happens all the same, the other finds by itself, as after a crash.
   */
  seal(): void {
    this.#isSealed = true;
    this.#phase.abort();
  }

  post(event: InstanceEvent): Posted {
    if (this.#isSealed) return unheard(transition(this.#state, event).reply);
    if (event.type === 'stop') this.#stops += 1;
    const previous = this.#state;
    const { state, effects, reply } = transition(previous, event);
    if (this.#isClosed) return { reply, stored: Promise.resolve() };
    if (reply.kind === 'gone') {
      this.#isClosed = true;
      this.#beforeClose = previous;
    }
    this.#state = state;
    if (phaseOf(previous) !== phaseOf(state) || this.#isClosed) this.#enterPhase();
    const kept = this.#isClosed ? [] : this.#keep(previous, state);
    const isWorthIt = !this.#isClosed && (kept.length > 0 || isWorthStoring(previous, state));
    const stored = isWorthIt ? this.#save(kept) : Promise.resolve();
    const { signal } = this.#phase;
    if (isWorthIt) this.#stored = stored;
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
   * Replaces the record. The caller has made sure, in the same turn, that names and ports stay unique.
   *
   * @param told What tells of it: stored with it or not at all.
   * @param restarts The caller posts a restart as soon as this resolves: that it is due is stored with it or not at all.
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
      // What was refused must not take effect; unless somebody has built on it meanwhile.
      if (this.#record === record) this.#record = this.#accepted;
      if (isMarked) this.#state = withRestartDue(this.#state, false);
      this.#notifyWatchers();
      // A state that was stored meanwhile took the refused record with it.
      this.#storeLater();
      throw error;
    }
  }

  /** It could not be stored that there is such an instance: so there is none, and nothing of it is stored later. */
  abandon(): void {
    this.#isClosed = true;
    this.seal();
    this.#notifyWatchers();
  }

  /** Stores what could not be stored, if that works by now: this process will not try again. */
  async storeAtLast(): Promise<void> {
    if (this.#isUnstored && !this.#isClosed && !this.#isSealed) await this.#save();
  }

  /** The events of a deleted instance that could not be stored while it was there: whoever stores the delete stores them too. */
  async bequeath(): Promise<KeptEvent[]> {
    // Until it is known whether the last change is stored.
    await this.#stored.catch(() => undefined);
    return this.#unstoredEvents.splice(0);
  }

  /**
   * Takes back a delete that could not be stored. A backoff that it has ended stays ended, and that is told now.
   *
   * @param bequeathed See {@link bequeath}.
   */
  reopen(bequeathed: readonly KeptEvent[]): void {
    this.#isClosed = false;
    if (this.#beforeClose.status !== 'restarting') this.#state = this.#beforeClose;
    const kept = this.#keep(this.#beforeClose, this.#state);
    this.#unstoredEvents = [...bequeathed, ...this.#unstoredEvents, ...kept].slice(-MOST_UNSTORED_EVENTS);
    for (const event of kept) this.#dependencies.events.publish(event);
    if (this.#unstoredEvents.length > 0) this.#storeLater();
    this.#notifyWatchers();
  }

  /** The state has changed although that could not be stored: it is stored as soon as that works again. */
  #storeLater(): void {
    if (this.#isUnstored) return;
    this.#isUnstored = true;
    this.#dependencies.clock.after(STORE_AGAIN_MS, () => {
      this.#isUnstored = false;
      if (!this.#isClosed && !this.#isSealed) this.#save().catch(() => this.#storeLater());
    });
  }

  /** Stores record and state as they are now, and what tells of them. */
  async #save(events: readonly KeptEvent[] = []): Promise<void> {
    // No two saves hold the same event: its number can be stored once, and the second save would be refused.
    const late = this.#unstoredEvents.splice(0);
    try {
      await this.#dependencies.store.save({ record: this.#record, state: this.#state }, [...late, ...events]);
    } catch (error) {
      this.#unstoredEvents.unshift(...late);
      throw error;
    }
  }

  /** Resolves as soon as `isReached` says so of the state, at once if it already does, or when the instance is deleted. */
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

  /** Calls `watcher` after each post and each change of the record, within the call that made it. */
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

  /** What there is to tell of a transition. */
  #keep(previous: InstanceState, state: InstanceState): KeptEvent[] {
    if (previous.status === state.status) return [];
    const { id, name } = this.#record;
    const reason = 'reason' in state ? { reason: state.reason } : {};
    const idle = 'goal' in state && state.goal.kind === 'stopped' ? state.goal : null;
    const data = {
      name,
      status: state.status,
      previous_status: previous.status,
      ...reason,
      ...(idle?.reason !== undefined && { reason: idle.reason }),
      ...(idle?.cause !== undefined && { cause: idle.cause }),
    };
    return [this.#dependencies.events.keep({ type: 'instance_status_changed', data }, id)];
  }
}

/** What an effect's life hangs on: a drain ends when its deadline changes, a probe when its run is no longer loading. */
function phaseOf(state: InstanceState): string {
  if ('ending' in state) return `${state.run.number} ${state.ending.phase} ${state.ending.deadline}`;
  if (state.status === 'starting') return `${state.run.number} ${state.phase}`;
  if (state.status === 'running') return `${state.run.number} running`;
  return state.status === 'restarting' ? `backoff ${state.until}` : state.status;
}

/** After a crash a start that was being prepared begins anew, as one that was queued does: no write is spent on the difference. */
function isWorthStoring(previous: InstanceState, state: InstanceState): boolean {
  return state !== previous && !(state.status === 'starting' && state.phase === 'preparing');
}

/** It came too late: another process has taken the instance up. Nothing was done; that one may do it. */
export class Sealed extends Error {
  override readonly name = 'Sealed';
  override readonly message = 'the instance belongs to another server now';
}

/** To a sealed instance: whoever waits for it to be stored hears that it is not, and most wait for nothing. */
function unheard(reply: Reply): Posted {
  const stored = Promise.reject<void>(new Sealed());
  stored.catch(() => undefined);
  return { reply, stored };
}
