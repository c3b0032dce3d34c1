import { ApiError } from '@llamactl/contract/errors';
import type { Config } from '@llamactl/contract/config';
import type { Status } from '@llamactl/contract/instance';
import type { Author, InstanceState } from './life/lifecycle.ts';
import { type Mailbox, Sealed } from './life/mailbox.ts';
import { momentOf, type Clock } from './ports/time.ts';
import { noFreeSlot, noRoom, notFound, shuttingDown } from './refusals.ts';
import { isRestartDue, isUp } from './life/transitions.ts';
import type { RefusedStarts } from './refused-starts.ts';
import type { MemoryAdmission } from './slots/memory-admission.ts';
import type { Scheduler } from './slots/scheduler.ts';
import type { StartCheck } from './start-check.ts';
import type { StopOptions, WaitOptions } from './use-cases.ts';
import { reasonOf } from './instance-view.ts';

export interface CommandDependencies {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  scheduler: Pick<Scheduler, 'obstacle' | 'refuses' | 'reserve'>;
  startCheck: StartCheck;
  refusedStarts: Pick<RefusedStarts, 'watch'>;
  /** `null`: memory limits no start. */
  memory: Pick<MemoryAdmission, 'learn' | 'obstacle' | 'ease'> | null;
  defaults: Pick<Config['instances'], 'stop_timeout'>;
}

type Command = { author: Author } & (
  | { type: 'start'; cause: 'command' }
  | { type: 'stop' | 'restart'; force: boolean; timeoutMs: number }
  | { type: 'apply'; timeoutMs: number }
);

/**
 * The commands start, stop and restart. Each resolves to the status that the instance enters. With `wait`: to the
 * outcome.
 */
export class Commands {
  readonly #dependencies: CommandDependencies;
  #isClosing = false;

  constructor(dependencies: CommandDependencies) {
    this.#dependencies = dependencies;
  }

  /** Refuses all starts from now on, including those whose check is still under way. */
  close(): void {
    this.#isClosing = true;
  }

  start(mailbox: Mailbox, options: WaitOptions): Promise<Status> {
    const author = authorOf(options.by);
    return this.#watched(mailbox, author, () =>
      this.#startOrRestart(mailbox, { type: 'start', cause: 'command', author }, options),
    );
  }

  restart(mailbox: Mailbox, options: StopOptions & WaitOptions): Promise<Status> {
    const author = authorOf(options.by);
    return this.#watched(mailbox, author, () =>
      this.#startOrRestart(mailbox, { type: 'restart', ...this.#stopTerms(options), author }, options),
    );
  }

  async stop(mailbox: Mailbox, options: StopOptions & WaitOptions): Promise<Status> {
    const { wait, signal, isBegun = false } = options;
    const entered = isBegun
      ? mailbox.state.status
      : await this.#post(mailbox, { type: 'stop', ...this.#stopTerms(options), author: authorOf(options.by) });
    if (wait !== true) return entered;
    const { status } = await mailbox.until((state) => state.status !== 'stopping', signal);
    await mailbox.stored;
    return status;
  }

  /**
   * Restarts the engine of a changed instance, unless it is stopped or stopping. A due restart is stored with the
   * change. From then on neither a full disk nor a shutdown cancels it: after a shutdown, the next server restarts the
   * engine.
   *
   * @param by Subject of the caller who changed it; `undefined`: unknown
   */
  async relaunch(mailbox: Mailbox, by: string | undefined): Promise<Status> {
    const isDue = isRestartDue(mailbox.state);
    if (isDue && this.#isClosing) return mailbox.state.status;
    const timeoutMs = this.#stopTimeoutMs(undefined);
    const posted = this.#post(mailbox, { type: 'apply', timeoutMs, author: authorOf(by) });
    return isDue ? posted.catch(() => mailbox.state.status) : posted;
  }

  /**
   * Starts an instance only if a slot is free. Start-all evicts nothing, because no instance of the batch has priority.
   *
   * @param by Subject of the caller; `undefined`: unknown
   */
  startBeside(mailbox: Mailbox, by: string | undefined): Promise<Status> {
    const author = authorOf(by);
    return this.#watched(mailbox, author, () => this.#startIfFree(mailbox, author));
  }

  async #startIfFree(mailbox: Mailbox, author: Author): Promise<Status> {
    const { scheduler, startCheck, memory } = this.#dependencies;
    const { stops } = mailbox;
    if (isUp(mailbox.state)) return mailbox.state.status;
    await startCheck.assertStartable(mailbox, mailbox.record);
    await memory?.learn(mailbox.record);
    // No await from here until the slot is reserved, so a free slot stays free.
    if (mailbox.isSealed) throw new Sealed();
    if (mailbox.stops !== stops || isUp(mailbox.state)) return mailbox.state.status;
    const { id, name } = mailbox.record;
    const shortage = memory?.obstacle(id) ?? null;
    if (shortage !== null) throw noRoom(name, shortage, 409);
    memory?.ease(id, true);
    const obstacle = scheduler.obstacle(id);
    if (obstacle !== null) {
      memory?.ease(id, false);
      throw noFreeSlot(name, obstacle);
    }
    const posted = this.#post(mailbox, { type: 'start', cause: 'command', author });
    if (mailbox.state.status === 'starting') scheduler.reserve(id);
    return posted;
  }

  /** Carries out a start or restart. Its refusal is remembered. */
  #watched(mailbox: Mailbox, author: Author, act: () => Promise<Status>): Promise<Status> {
    return this.#dependencies.refusedStarts.watch(mailbox, { kind: 'command', ...author }, act);
  }

  /**
   * Starts or restarts an instance after checking that the start can succeed. A stop that arrives during the check
   * wins.
   */
  async #startOrRestart(mailbox: Mailbox, command: Command, { wait, signal, isBegun }: WaitOptions): Promise<Status> {
    if (isBegun === true) return this.#untilRunning(mailbox, signal);
    const { stops } = mailbox;
    const { memory, scheduler } = this.#dependencies;
    if (command.type === 'restart' || !isUp(mailbox.state)) {
      await this.#dependencies.startCheck.assertStartable(mailbox, mailbox.record);
      await memory?.learn(mailbox.record);
    }
    // The instance belongs to another server now, so the slots counted here no longer apply.
    if (mailbox.isSealed) throw new Sealed();
    const { id, name } = mailbox.record;
    const isOver = mailbox.stops !== stops;
    if (!isOver && !isUp(mailbox.state) && scheduler.refuses(id)) throw noRoom(name, memory?.obstacle(id) ?? null, 409);
    const entered = isOver ? mailbox.state.status : await this.#post(mailbox, command);
    return wait === true ? this.#untilRunning(mailbox, signal) : entered;
  }

  async #post(mailbox: Mailbox, event: Command): Promise<Status> {
    if (mailbox.isClosed) throw notFound(mailbox.record.name);
    if (this.#isClosing && event.type !== 'stop') throw shuttingDown();
    const { reply, stored } = mailbox.post({ ...event, ...momentOf(this.#dependencies.clock) });
    const { status } = reply.kind === 'accepted' ? reply : mailbox.state;
    await stored;
    return status;
  }

  async #untilRunning(mailbox: Mailbox, signal: AbortSignal | undefined): Promise<Status> {
    const isSettled = ({ status }: InstanceState): boolean =>
      status === 'running' || status === 'failed' || status === 'stopped';
    const state = await mailbox.until(isSettled, signal);
    // Answer only after the state is stored: after a crash, the next server must not find the instance still starting.
    await mailbox.stored;
    if (state.status === 'running') return state.status;
    const reason = reasonOf(state) ?? 'it was stopped before it was ready';
    throw new ApiError('START_FAILED', `${mailbox.record.name} did not start: ${reason.replace(/\.$/, '')}.`, {
      reason,
    });
  }

  #stopTerms(options: StopOptions): { force: boolean; timeoutMs: number } {
    return { force: options.force ?? false, timeoutMs: this.#stopTimeoutMs(options.timeout) };
  }

  #stopTimeoutMs(seconds: number | undefined): number {
    return (seconds ?? this.#dependencies.defaults.stop_timeout) * 1_000;
  }
}

function authorOf(by: string | undefined): Author {
  return by === undefined ? {} : { caller: by };
}
