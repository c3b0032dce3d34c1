import type { Client } from '@llamactl/client';
import { errorText } from './error-text.ts';
import type { Feed } from './live/feed.ts';

/** A command to an instance. */
export type Command = 'start' | 'stop' | 'restart' | 'delete';

/** Milliseconds after the answer in which an event must come: a command may change nothing. */
const EVENT_MS = 3_000;

/**
 * Owns the commands that are under way. A command is pending until the event of its instance comes, so buttons never
 * guess the outcome.
 */
export class CommandBook {
  readonly #client: Client;
  readonly #onError: (error: { text: string; requestId: string | null }) => void;
  readonly #pending = new Map<string, Command>();
  readonly #listeners = new Set<() => void>();

  /** @param onError Gets the sentence of the API for a refused command. */
  constructor(client: Client, feed: Feed, onError: (error: { text: string; requestId: string | null }) => void) {
    this.#client = client;
    this.#onError = onError;
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

  start(name: string): void {
    void this.run('start', [name], () => this.#client.startInstance(name));
  }

  /** @param timeout Seconds that requests under way may take; default: that of the configuration. */
  stop(name: string, timeout?: number): void {
    void this.run('stop', [name], () => this.#client.stopInstance(name, timeout === undefined ? {} : { timeout }));
  }

  restart(name: string): void {
    void this.run('restart', [name], () => this.#client.restartInstance(name));
  }

  delete(name: string): void {
    void this.run('delete', [name], () => this.#client.deleteInstance(name));
  }

  /**
   * Runs a command to some instances. An error becomes a message on the page.
   *
   * @returns Whether the server accepted it.
   */
  async run(command: Command, names: readonly string[], send: () => Promise<unknown>): Promise<boolean> {
    for (const name of names) this.#pending.set(name, command);
    this.#changed();
    try {
      await send();
    } catch (error) {
      const { sentence, requestId } = errorText(error);
      this.#onError({ text: sentence, requestId });
      this.#done(names);
      return false;
    }
    setTimeout(() => this.#done(names), EVENT_MS);
    return true;
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
