import { ApiError } from '@llamactl/contract/errors';
import type { StartObstacle } from '@llamactl/contract/health';
import { type RefusedStart, type StartRefusalCode, StartRefusalCodeSchema } from '@llamactl/contract/refused-start';
import type { Trigger } from '@llamactl/contract/trigger';
import type { Mailbox } from './life/mailbox.ts';
import type { Engines } from './ports/engine-adapter.ts';
import type { EventSink } from './ports/event-sink.ts';
import type { Clock } from './ports/time.ts';
import { withoutFolder } from './refusals.ts';

export interface RefusedStartsDependencies {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  engines: Pick<Engines, 'find'>;
  events: Pick<EventSink, 'emit'>;
}

/** An instance at one moment. */
type Seen = Pick<Mailbox, 'record' | 'state'>;
/** An instance, and whether this server still owns it. */
type Started = Pick<Mailbox, 'record' | 'state' | 'isClosed' | 'isSealed'>;

/** The refusals of an instance while its status and settings stay the same. */
interface Refusals {
  seen: Seen;
  last: RefusedStart;
  /** When the event of each code was last published, in {@link Clock.elapsed} time. */
  published: Map<StartRefusalCode, number>;
}

/** The depth of a look without a start: files, ports and settings, or also whether the memory can ever be enough. */
export type LookDepth = 'files' | 'memory';

/** How long the same refusal of an instance that does not change is not published again. */
const QUIET_MS = 10 * 60_000;

/**
 * Remembers the last refused start of each instance and publishes it, because the answer of the refused request is its
 * only other trace. In memory: after a restart of llamactl, `StoppedLook` finds those that still cannot start.
 *
 * A start that is accepted and cannot be launched is no refusal: the instance fails, with the reason.
 */
export class RefusedStarts {
  readonly #dependencies: RefusedStartsDependencies;
  /** By id of the instance. */
  readonly #refusals = new Map<string, Refusals>();

  constructor(dependencies: RefusedStartsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Carries out a start, and notes its refusal. @throws the error of the start */
  async watch<Result>(mailbox: Started, trigger: Trigger, start: () => Promise<Result>): Promise<Result> {
    const { record, state } = mailbox;
    try {
      return await start();
    } catch (error) {
      this.note(mailbox, error, trigger, { record, state });
      throw error;
    }
  }

  /**
   * Notes that a start was refused. Ignores other errors, such as those of an engine that did not become ready.
   *
   * @param seen The instance that was judged; it may have changed since.
   */
  note(mailbox: Started, error: unknown, trigger: Trigger, seen: Seen = mailbox): void {
    // A closed instance is deleted, and a sealed one belongs to another server.
    if (!(error instanceof ApiError) || mailbox.isClosed || mailbox.isSealed) return;
    const { success: isRefusal, data: code } = StartRefusalCodeSchema.safeParse(error.code);
    if (!isRefusal) return;
    const { clock, events } = this.#dependencies;
    const { id, name } = mailbox.record;
    const at = clock.now();
    const message = this.#messageOf(error, seen);
    const known = this.#refusals.get(id);
    const isKnown = known !== undefined && isSame(known.seen, seen);
    const published = isKnown ? known.published : new Map<StartRefusalCode, number>();
    const { record, state } = seen;
    const last = { at: new Date(at).toISOString(), code, message };
    this.#refusals.set(id, { seen: { record, state }, last, published });
    const now = clock.elapsed();
    if (now - (published.get(code) ?? -Infinity) < QUIET_MS) return;
    published.set(code, now);
    events.emit({ type: 'instance_start_refused', data: { name, code, message, trigger } }, id, at);
  }

  /**
   * Notes the result of a look without a start; `null`: no obstacle was found. Publishes nothing, because nothing was refused.
   *
   * @returns whether {@link of} has changed
   */
  foresaw(mailbox: Started, obstacle: StartObstacle | null, depth: LookDepth): boolean {
    if (mailbox.isClosed || mailbox.isSealed) return false;
    const { record, state } = mailbox;
    const last = this.of(mailbox);
    if (obstacle === null) {
      if (last === null || !isJudged(last.code, depth)) return false;
      this.#refusals.delete(record.id);
      return true;
    }
    const { code, message } = obstacle;
    if (last?.code === code && last.message === message) return false;
    const at = new Date(this.#dependencies.clock.now()).toISOString();
    const published = this.#refusals.get(record.id)?.published ?? new Map<StartRefusalCode, number>();
    this.#refusals.set(record.id, { seen: { record, state }, last: { at, code, message }, published });
    return true;
  }

  /** Forgets a refusal whose reason is over. The next one is published again. */
  freed(id: string): void {
    this.#refusals.delete(id);
  }

  /** The last refused start since the status or the settings of an instance changed; `null`: none. */
  of(instance: Seen): RefusedStart | null {
    const known = this.#refusals.get(instance.record.id);
    return known !== undefined && isSame(known.seen, instance) ? known.last : null;
  }

  /** Forgets a deleted instance. */
  forget(id: string): void {
    this.#refusals.delete(id);
  }

  /** The message for all who may see the instance. */
  #messageOf({ code, message }: ApiError, { record }: Seen): string {
    if (code !== 'ENGINE_NOT_FOUND') return message;
    const plan = this.#dependencies.engines.find(record.settings.engine)?.plan(record);
    return plan === undefined ? message : withoutFolder(message, plan.command);
  }
}

/** Whether a look without a start sees that the reason of a refusal is over. */
function isJudged(code: StartRefusalCode, depth: LookDepth): boolean {
  if (code === 'CAPACITY_EXCEEDED') return false;
  return depth === 'memory' || code !== 'DOES_NOT_FIT';
}

/** Whether status and settings are the same, and no run lies between. An edit makes new settings, also of the port; a rename keeps them. */
function isSame(one: Seen, other: Seen): boolean {
  return (
    one.state.status === other.state.status &&
    one.state.runs === other.state.runs &&
    one.record.settings === other.record.settings
  );
}
