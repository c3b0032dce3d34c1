import { ApiError } from '@llamactl/contract/errors';
import type { Config } from '@llamactl/contract/config';
import type { Status } from '@llamactl/contract/instance';
import type { InstanceState } from './life/lifecycle.ts';
import { type Mailbox, Sealed } from './life/mailbox.ts';
import { momentOf } from './moment.ts';
import type { Clock } from './ports.ts';
import { noFreeSlot, notFound, shuttingDown, slotsPinned } from './refusals.ts';
import { isRestartDue } from './life/restart-due.ts';
import type { Scheduler } from './slots/scheduler.ts';
import type { StartCheck } from './start-check.ts';
import type { StopOptions, WaitOptions } from './use-cases.ts';
import { reasonOf } from './instance-view.ts';

export interface CommandDependencies {
  clock: Pick<Clock, 'now' | 'elapsed'>;
  scheduler: Pick<Scheduler, 'outlook' | 'reserve'>;
  startCheck: StartCheck;
  defaults: Pick<Config['instances'], 'stop_timeout'>;
}

type Command =
  | { type: 'start'; cause: 'command' }
  | { type: 'stop' | 'restart'; force: boolean; timeoutMs: number }
  | { type: 'apply'; timeoutMs: number };

/** What users order of an instance: each resolves to the state that it entered, or to its outcome where that is waited for. */
export class Commands {
  readonly #dependencies: CommandDependencies;
  #isClosing = false;

  constructor(dependencies: CommandDependencies) {
    this.#dependencies = dependencies;
  }

  /** Starts nothing from now on, also not what is being looked at. */
  close(): void {
    this.#isClosing = true;
  }

  start(mailbox: Mailbox, options: WaitOptions): Promise<Status> {
    return this.#comeUp(mailbox, { type: 'start', cause: 'command' }, options);
  }

  restart(mailbox: Mailbox, options: StopOptions & WaitOptions): Promise<Status> {
    return this.#comeUp(mailbox, { type: 'restart', ...this.#stopTerms(options) }, options);
  }

  async stop(mailbox: Mailbox, options: StopOptions & WaitOptions): Promise<Status> {
    const { wait, signal, isBegun = false } = options;
    const entered = isBegun
      ? mailbox.state.status
      : await this.#post(mailbox, { type: 'stop', ...this.#stopTerms(options) });
    if (wait !== true) return entered;
    const { status } = await mailbox.until((state) => state.status !== 'stopping', signal);
    await mailbox.stored;
    return status;
  }

  /**
   * Has the engine of an instance that was changed restarted, unless it is stopped or about to be. Where it was stored with the
   * change that a restart is due, nothing refuses it any more: not a disk that is full again, nor a shutdown, after which the
   * next server restarts it.
   */
  async relaunch(mailbox: Mailbox): Promise<Status> {
    const isDue = isRestartDue(mailbox.state);
    if (isDue && this.#isClosing) return mailbox.state.status;
    const posted = this.#post(mailbox, { type: 'apply', timeoutMs: this.#stopTimeoutMs(undefined) });
    return isDue ? posted.catch(() => mailbox.state.status) : posted;
  }

  /** Starts what has a place beside all that runs: of many nobody can say for whom another should go. */
  async startBeside(mailbox: Mailbox): Promise<Status> {
    const { scheduler, startCheck } = this.#dependencies;
    const { stops } = mailbox;
    if (isUp(mailbox.state)) return mailbox.state.status;
    await startCheck.assertStartable(mailbox, mailbox.record);
    // From here to the place in the queue nothing is awaited: what is free stays free.
    if (mailbox.isSealed) throw new Sealed();
    if (mailbox.stops !== stops || isUp(mailbox.state)) return mailbox.state.status;
    const { id, name } = mailbox.record;
    if (scheduler.outlook(id) !== 'free') throw noFreeSlot(name);
    const posted = this.#post(mailbox, { type: 'start', cause: 'command' });
    if (mailbox.state.status === 'starting') scheduler.reserve(id);
    return posted;
  }

  /** Start and restart: looks first whether it can succeed. A stop that comes in meanwhile is the newer wish. */
  async #comeUp(mailbox: Mailbox, command: Command, { wait, signal, isBegun }: WaitOptions): Promise<Status> {
    if (isBegun === true) return this.#untilRunning(mailbox, signal);
    const { stops } = mailbox;
    if (command.type === 'restart' || !isUp(mailbox.state)) {
      await this.#dependencies.startCheck.assertStartable(mailbox, mailbox.record);
    }
    // What is free or pinned here is not so any more where the instance is now.
    if (mailbox.isSealed) throw new Sealed();
    const { id, name } = mailbox.record;
    const isOver = mailbox.stops !== stops;
    if (!isOver && !isUp(mailbox.state) && this.#dependencies.scheduler.outlook(id) === 'hopeless')
      throw slotsPinned(name, 409);
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
    // What a caller is told survives: a server that dies now must not find the instance still starting.
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

function isUp({ status }: InstanceState): boolean {
  return status === 'starting' || status === 'running';
}
