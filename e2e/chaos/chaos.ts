import { setTimeout as pause } from 'node:timers/promises';
import { Client, ConnectionError, ServerError } from '@llamactl/client';
import { Api } from './api.ts';
import { Asks } from './asks.ts';
import { roles } from './cast.ts';
import { Commands } from './commands.ts';
import { EventChain } from './event-chain.ts';
import { Faults } from './faults.ts';
import { Mischief } from './mischief.ts';
import type { Rest, Step } from './plan.ts';
import { ProcessRules } from './process-rules.ts';
import { Rests } from './rest.ts';
import { Stage } from './stage.ts';
import { lastStoredSeq } from './stored.ts';
import { Troubles } from './troubles.ts';
import { Writes } from './writes.ts';

/** More that is on its way at once only waits for a turn. */
const MOST_PENDING = 60;
/** Everything that was begun has to end within it, once whatever holds it up has been put right. */
const PATIENCE_MS = 110_000;
const LOG_LINES = 500;
const RETRY_MS = 100;
const LAST_REST: Rest = { kind: 'rest', wakes: true, isLong: true, promise: null };

/**
 * The real program with its engines, and all that is done to it. Steps are taken one after the other, mostly without
 * waiting for what they set in motion: what meets what is up to the machine. The first fault ends it.
 */
export class Chaos {
  readonly stage: Stage;
  readonly faults = new Faults();
  readonly chain = new EventChain();
  readonly api: Api;
  readonly rules: ProcessRules;
  readonly rests: Rests;
  readonly #troubles = new Troubles();
  readonly #asks: Asks;
  readonly #commands: Commands;
  readonly #mischief: Mischief;
  readonly #writes: Writes;
  readonly #pending = new Map<Promise<void>, Step>();
  #over = new AbortController();
  #following: Promise<void>;
  /** The last lines that the server wrote. */
  log: string[] = [];
  steps = 0;

  private constructor(stage: Stage, cast: Awaited<ReturnType<typeof roles>>) {
    this.stage = stage;
    const { faults, chain } = this;
    const troubles = this.#troubles;
    const { url, port } = stage.server;
    this.api = new Api(port, troubles, faults);
    const shared = { stage, api: this.api, roles: cast, troubles, faults };
    this.rules = new ProcessRules(stage.table, faults);
    this.#asks = new Asks({ ...shared, url });
    this.#commands = new Commands(this.api, troubles);
    this.#mischief = new Mischief(stage, troubles, faults, () => this.#followAnew());
    this.#writes = new Writes(shared);
    this.rests = new Rests({ ...shared, asks: this.#asks, writes: this.#writes, mischief: this.#mischief, chain });
    this.#following = this.#follow(0, this.#over.signal);
  }

  /** @param hasSmallDisk Else the disk is never full. */
  static async begin(hasSmallDisk: boolean): Promise<Chaos> {
    const cast = await roles();
    return new Chaos(await Stage.build(hasSmallDisk), cast);
  }

  /** Takes steps until the time is over or something is wrong, and has everything come to rest. */
  async run(steps: readonly Step[], milliseconds: number): Promise<void> {
    this.rules.start();
    const end = performance.now() + milliseconds;
    for (const step of steps) {
      await pause(step.after);
      if (performance.now() > end || this.#isWrong()) break;
      this.faults.mark = step.mark;
      this.steps += 1;
      if (step.kind === 'rest') await this.#rest(step);
      else if (step.kind === 'server' && step.isAwaited) await this.#mischief.server(step).catch(this.#onFault);
      else this.#do(step, this.#take(step));
      while (this.#pending.size >= MOST_PENDING) await Promise.race(this.#pending.keys());
    }
    if (!this.#isWrong()) await this.#rest(LAST_REST);
    if (!this.#isWrong()) await this.rests.stopAll();
    this.rules.stop();
    this.#over.abort();
    await this.#following;
  }

  async dispose(): Promise<void> {
    this.rules.stop();
    this.#over.abort();
    await this.stage.dispose();
  }

  readonly #onFault = (error: unknown): void => {
    this.faults.add('the suite itself', error instanceof Error ? (error.stack ?? error.message) : String(error));
  };

  async #take(step: Exclude<Step, Rest>): Promise<void> {
    switch (step.kind) {
      case 'create':
      case 'delete':
      case 'update':
      case 'apply':
      case 'configure':
        return this.#writes.take(step);
      case 'start':
      case 'stop':
      case 'restart':
      case 'start all':
      case 'stop all':
        return this.#commands.take(step);
      case 'ask':
        return this.#asks.take(step);
      case 'follow':
        return this.#asks.follow(step);
      case 'kill':
        return this.#mischief.kill(step);
      case 'freeze':
        return this.#mischief.freeze(step);
      case 'server':
        return this.#mischief.server(step);
      case 'fill the disk':
        return this.#mischief.fillTheDisk(step);
      case 'steal the port':
        return this.#mischief.stealThePort(step);
      case 'set the clock':
        return this.stage.setClock(step.hours);
    }
  }

  /** Something that goes on while other steps are taken. */
  #do(step: Step, work: Promise<void>): void {
    const done = work.catch(this.#onFault).finally(() => this.#pending.delete(done));
    this.#pending.set(done, step);
  }

  async #rest(rest: Rest): Promise<void> {
    if (rest.wakes) this.#mischief.wakeAll();
    const late = pause(PATIENCE_MS, 'late' as const, { ref: false });
    while (this.#pending.size > 0) {
      const ended = Promise.all(this.#pending.keys()).then(() => 'ended' as const);
      if ((await Promise.race([ended, late])) === 'late') {
        return this.faults.add('a call without an end', JSON.stringify([...this.#pending.values()]));
      }
      // What was frozen meanwhile.
      if (rest.wakes) this.#mischief.wakeAll();
    }
    if (!this.#isWrong()) await this.rests.take(rest).catch(this.#onFault);
  }

  #isWrong(): boolean {
    const { faults, stage, chain } = this;
    for (const what of chain.faults.splice(0)) faults.add('events out of order', what);
    const written = stage.server.takeErrors().split('\n');
    this.log = [...this.log, ...written].slice(-LOG_LINES);
    const own = written.find((line) => line.includes('Something went wrong inside llamactl'));
    if (own !== undefined && !this.#troubles.explain('disk', performance.now())) {
      faults.add('the server says that it is at fault', own);
    }
    if (!this.#mischief.isServerChanging && stage.servers().length === 0 && !this.#mischief.isServerChanging) {
      faults.add('the server died', '');
    }
    return faults.first !== null;
  }

  /** From the last event that is stored on: events that were sent and not stored may come again under other numbers. */
  #followAnew(): void {
    this.#over.abort();
    this.#over = new AbortController();
    this.chain.forget();
    this.#following = this.#follow(lastStoredSeq(this.stage.folder), this.#over.signal);
  }

  async #follow(after_seq: number, signal: AbortSignal): Promise<void> {
    const client = new Client(this.stage.server.url);
    try {
      for await (const frame of client.events({ after_seq, signal })) {
        if (!signal.aborted) this.chain.add(frame);
      }
    } catch (error) {
      if (signal.aborted) return;
      const isAway =
        error instanceof ConnectionError || (error instanceof ServerError && error.code === 'SHUTTING_DOWN');
      if (!isAway) return this.#onFault(error);
      // There was no server to begin with, or one that ends; one that is lost later is come back to by the client itself.
      await pause(RETRY_MS);
      return this.#follow(after_seq, signal);
    }
  }
}
