import type { BatchResult, Client } from '@llamactl/client';
import type { Refused } from './bulk-reasons.ts';
import { errorText } from './error-text.ts';
import { serverWordsNow } from './server-words.ts';
import type { Feed } from './live/feed.ts';

/** A command to an instance. */
export type Command = 'start' | 'stop' | 'restart' | 'delete';

/** Why a command, or a part of it, was refused. */
export type CommandFailure = {
  command: Command;
  /** All instances that were refused. */
  names: readonly string[];
} & (
  | {
      /** The sentence of the API, about the whole request. */
      sentence: string;
      /** The words of the API, if the sentence is in another language and says less; `null`: it says all. */
      words: string | null;
      requestId: string | null;
    }
  | {
      /** How many instances the command was for; the others accepted it. */
      total: number;
      /** Names of the instances that it worked for. */
      accepted: readonly string[];
      /** Why each instance refused it. */
      refused: readonly Refused[];
    }
);

/** Instances that a command has stopped or deleted. */
export interface CommandResult {
  command: 'stop' | 'delete';
  names: readonly string[];
}

/** Callbacks for the begin and the end of commands. */
export interface CommandWitness {
  /** Called before a command is sent: what was said of an earlier try is old. */
  begun: (names: readonly string[]) => void;
  /** Called for each refused command. */
  failed: (failure: CommandFailure) => void;
  /** Called for each stop and deletion that worked: the row shows it too, but cannot take it back. */
  done: (result: CommandResult) => void;
}

/** Milliseconds after the answer in which an event must come: a command may change nothing. */
const EVENT_MS = 3_000;

/**
 * Owns the commands that are under way. A command is pending until the event of its instance comes, so buttons never
 * guess the outcome. Several instances are one request.
 */
export class CommandBook {
  readonly #client: Client;
  readonly #witness: CommandWitness;
  readonly #pending = new Map<string, Command>();
  readonly #listeners = new Set<() => void>();

  constructor(client: Client, feed: Pick<Feed, 'listen'>, witness: CommandWitness) {
    this.#client = client;
    this.#witness = witness;
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

  /**
   * Deletes instances that do not run.
   *
   * @param stopFirst Those of them that run: they are stopped before.
   * @returns the names that are gone; never rejects
   */
  delete(names: readonly string[], stopFirst: readonly string[] = []): Promise<readonly string[]> {
    return this.#run('delete', names, {
      one: async (name) => {
        if (stopFirst.includes(name)) await this.#client.stopInstance(name);
        return this.#client.deleteInstance(name);
      },
      all: async () => {
        if (stopFirst.length > 0) await this.#client.stopAllInstances({ names: [...stopFirst] });
        return this.#client.deleteAllInstances({ names: [...names] });
      },
    });
  }

  async #run(
    command: Command,
    names: readonly string[],
    send: { one: (name: string) => Promise<unknown>; all?: () => Promise<BatchResult> },
  ): Promise<readonly string[]> {
    this.#witness.begun(names);
    for (const name of names) this.#pending.set(name, command);
    this.#changed();
    try {
      const [only, ...others] = names;
      let accepted: readonly string[] = [];
      if (only !== undefined && (others.length === 0 || send.all === undefined)) {
        await send.one(only);
        accepted = [only];
        this.#report(command, accepted);
      } else if (send.all !== undefined) accepted = this.#judge(command, await send.all());
      setTimeout(() => this.#done(names), EVENT_MS);
      return accepted;
    } catch (error) {
      const { sentence, words, requestId } = errorText(error);
      this.#witness.failed({ command, names, sentence, words, requestId });
      this.#done(names);
      return [];
    }
  }

  /** Reports the results, and returns the names of those that accepted the command. */
  #judge(command: Command, { results }: BatchResult): readonly string[] {
    const refused = results.flatMap(({ name, error, code = '' }) =>
      error === undefined ? [] : [{ name, sentence: serverWordsNow()?.error({ code })?.text ?? error }],
    );
    const accepted = results.filter(({ error }) => error === undefined).map(({ name }) => name);
    if (accepted.length > 0) this.#report(command, accepted);
    const names = refused.map(({ name }) => name);
    if (refused.length > 0) this.#witness.failed({ command, names, accepted, total: results.length, refused });
    this.#done(names);
    return accepted;
  }

  #report(command: Command, names: readonly string[]): void {
    if (command === 'stop' || command === 'delete') this.#witness.done({ command, names });
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
