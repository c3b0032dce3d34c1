import type { Background } from './background.ts';
import type { AccountStore, Clock } from './auth-ports.ts';

const MINUTE_MS = 60_000;

interface KeyUsesParts {
  store: Pick<AccountStore, 'noteKeysUsed'>;
  clock: Pick<Clock, 'now' | 'after'>;
  background: Background;
}

/** Records when keys were last used, to the minute. A use costs one map lookup; all uses of a minute are one write. */
export class KeyUses {
  readonly #parts: KeyUsesParts;
  /** Minutes since the epoch, by id of the key. */
  readonly #last = new Map<string, number>();
  /** Ids of keys whose last use is not stored yet. */
  readonly #pending = new Set<string>();
  #cancel: (() => void) | null = null;

  constructor(parts: KeyUsesParts) {
    this.#parts = parts;
  }

  /** Notes a use at the current time. */
  note(id: string): void {
    const { clock } = this.#parts;
    const minute = Math.floor(clock.now() / MINUTE_MS);
    if (this.#last.get(id) === minute) return;
    this.#last.set(id, minute);
    this.#pending.add(id);
    this.#cancel ??= clock.after(MINUTE_MS, () => this.#write());
  }

  /** RFC 3339; `null`: not used since the start of the server. */
  lastOf(id: string): string | null {
    const minute = this.#last.get(id);
    return minute === undefined ? null : new Date(minute * MINUTE_MS).toISOString();
  }

  /** Removes a deleted key. */
  forget(id: string): void {
    this.#last.delete(id);
    this.#pending.delete(id);
  }

  /** Writes pending uses. */
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

  /** Stores uses. Failed writes are repeated with the next batch. */
  async #store(uses: readonly { id: string; at: string }[]): Promise<void> {
    try {
      await this.#parts.store.noteKeysUsed(uses);
    } catch (error) {
      for (const { id } of uses) if (this.#last.has(id)) this.#pending.add(id);
      throw error;
    }
  }
}
