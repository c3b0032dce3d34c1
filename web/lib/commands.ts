import type { BatchResult, Client } from '@llamactl/client';
import { errorText } from './error-text.ts';
import type { Feed } from './live/feed.ts';

/** A command to an instance. */
export type Command = 'start' | 'stop' | 'restart' | 'delete';

/** Why a command, or a part of it, was refused. */
export interface CommandFailure {
  /** The sentence of the API. */
  sentence: string;
  requestId: string | null;
  /** For a command to several instances: how many accepted it. */
  done?: number;
  total?: number;
}

/** Milliseconds after the answer in which an event must come: a command may change nothing. */
const EVENT_MS = 3_000;

/**
 * Owns the commands that are under way. A command is pending until the event of its instance comes, so buttons never
 * guess the outcome. Several instances are one request.
 */
export class CommandBook {
  readonly #client: Client;
  readonly #onFailure: (failure: CommandFailure) => void;
  readonly #pending = new Map<string, Command>();
  readonly #listeners = new Set<() => void>();

  /** @param onFailure Called for each refused command. */
  constructor(client: Client, feed: Feed, onFailure: (failure: CommandFailure) => void) {
    this.#client = client;
    this.#onFailure = onFailure;
    feed.listen(({ type, data }) => {
      if (type === 'instance_status_changed' || type === 'instance_deleted') this.#done([data.name]);
    });
  }

  /** The command that is under way for an instance; `undefined`: none. */
  pending(name: string): Command | undefined {
    return this.#pending.get(name);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(...names: readonly string[]): void {
    void this.#run('start', names, {
      one: (name) => this.#client.startInstance(name),
      all: () => this.#client.startAllInstances({ names: [...names] }),
    });
  }

  /** Stops instances as the configuration says: requests under way may finish for some time. */
  stop(...names: readonly string[]): void {
    void this.#run('stop', names, {
      one: (name) => this.#client.stopInstance(name),
      all: () => this.#client.stopAllInstances({ names: [...names] }),
    });
  }

  restart(...names: readonly string[]): void {
    void this.#run('restart', names, {
      one: (name) => this.#client.restartInstance(name),
      all: () => this.#client.restartAllInstances({ names: [...names] }),
    });
  }

  /** Stops or restarts one instance. @param timeout Seconds that requests under way may take. */
  end(command: 'stop' | 'restart', name: string, timeout: number): void {
    const send = (each: string): Promise<unknown> =>
      command === 'stop'
        ? this.#client.stopInstance(each, { timeout })
        : this.#client.restartInstance(each, { timeout });
    void this.#run(command, [name], { one: send });
  }

  /** Deletes instances that do not run. @param stopsFirst Stops them before; the server waits for the stop. */
  delete(names: readonly string[], { stopsFirst = false } = {}): void {
    void this.#run('delete', names, {
      one: async (name) => {
        if (stopsFirst) await this.#client.stopInstance(name);
        return this.#client.deleteInstance(name);
      },
      all: () => this.#client.deleteAllInstances({ names: [...names] }),
    });
  }

  async #run(
    command: Command,
    names: readonly string[],
    send: { one: (name: string) => Promise<unknown>; all?: () => Promise<BatchResult> },
  ): Promise<void> {
    for (const name of names) this.#pending.set(name, command);
    this.#changed();
    try {
      const [only, ...others] = names;
      if (only !== undefined && (others.length === 0 || send.all === undefined)) await send.one(only);
      else if (send.all !== undefined) this.#judge(await send.all());
    } catch (error) {
      this.#onFailure(errorText(error));
      this.#done(names);
      return;
    }
    setTimeout(() => this.#done(names), EVENT_MS);
  }

  #judge({ results }: BatchResult): void {
    const refused = results.filter(({ error }) => error !== undefined);
    const [first] = refused;
    if (first === undefined) return;
    const sentence = `${first.name}: ${first.error ?? ''}`;
    this.#onFailure({ sentence, requestId: null, done: results.length - refused.length, total: results.length });
    this.#done(refused.map(({ name }) => name));
  }

  #done(names: readonly string[]): void {
    const before = this.#pending.size;
    for (const name of names) this.#pending.delete(name);
    if (this.#pending.size !== before) this.#changed();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
