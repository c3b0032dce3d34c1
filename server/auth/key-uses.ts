import type { Background } from './background.ts';
import type { AccountStore, Clock } from './ports.ts';

const MINUTE_MS = 60_000;

interface KeyUsesParts {
  store: Pick<AccountStore, 'noteKeysUsed'>;
  clock: Pick<Clock, 'now' | 'after'>;
  background: Background;
}

/** When keys were last used, to the minute: a use costs a look into a map, and all of a minute are one write. */
export class KeyUses {
  readonly #parts: KeyUsesParts;
  /** Minutes since the epoch, by id of the key. */
  readonly #last = new Map<string, number>();
  /** Ids of those that the store has not heard of. */
  readonly #pending = new Set<string>();
  #cancel: (() => void) | null = null;

  constructor(parts: KeyUsesParts) {
    this.#parts = parts;
  }

  /** It was used just now. */
  note(id: string): void {
    const { clock } = this.#parts;
    const minute = Math.floor(clock.now() / MINUTE_MS);
    if (this.#last.get(id) === minute) return;
    this.#last.set(id, minute);
    this.#pending.add(id);
    this.#cancel ??= clock.after(MINUTE_MS, () => this.#write());
  }

  /** RFC 3339; `null`: not since the start. */
  lastOf(id: string): string | null {
    const minute = this.#last.get(id);
    return minute === undefined ? null : new Date(minute * MINUTE_MS).toISOString();
  }

  /** The key is gone. */
  forget(id: string): void {
    this.#last.delete(id);
    this.#pending.delete(id);
  }

  /** Writes what is left. */
  close(): void {
    this.#cancel?.();
    if (this.#pending.size > 0) this.#write();
  }

  #write(): void {
    this.#cancel = null;
    const ids = [...this.#pending];
    this.#pending.clear();
    const uses = ids.flatMap((id) => {
      const at = this.lastOf(id);
      return at === null ? [] : [{ id, at }];
    });
    if (uses.length > 0) this.#parts.background.run(() => this.#store(uses));
  }

  /** What could not be written is written with the next. */
  async #store(uses: readonly { id: string; at: string }[]): Promise<void> {
    try {
      await this.#parts.store.noteKeysUsed(uses);
    } catch (error) {
      for (const { id } of uses) if (this.#last.has(id)) this.#pending.add(id);
      throw error;
    }
  }
}
