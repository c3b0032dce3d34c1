import { ValueStore } from '../../lib/value-store.ts';
import { afterReload, type Conversation } from './conversation.ts';

/** A conversation in the list. */
export interface HistoryEntry {
  id: string;
  title: string;
  instance: string;
  /** Milliseconds since the epoch. */
  updatedAt: number;
  /** The begin of all texts, in lower case, for the search. */
  words: string;
}

const VERSION = 1;
/** Characters of each conversation that the search reads. */
const SEARCHED = 20_000;

/**
 * Owns the conversations of this browser, in IndexedDB. Their contents never leave it but for `/v1`. A browser that
 * refuses the database only forgets them; `failure` then says why.
 */
export class HistoryStore {
  /** Newest first; `null`: not read yet. */
  readonly entries = new ValueStore<readonly HistoryEntry[] | null>(null);
  /** Why conversations are not kept; `null`: they are. */
  readonly failure = new ValueStore<string | null>(null);
  readonly #name: string;
  #database: Promise<IDBDatabase> | null = null;

  /** @param name Of the database: servers under different prefixes, and users, have their own. */
  constructor(name: string) {
    this.#name = name;
  }

  /** Reads the list. */
  async load(): Promise<void> {
    await this.#guarded(async () => {
      const database = await this.#open();
      const entries = await answerOf<HistoryEntry[]>(
        database.transaction('entries').objectStore('entries').getAll() as IDBRequest<HistoryEntry[]>,
      );
      this.entries.set(newestFirst(entries));
    });
  }

  /** Reads a conversation; `null`: no chat has this id. */
  async read(id: string): Promise<Conversation | null> {
    const found = await this.#guarded(async () => {
      const database = await this.#open();
      const request = database.transaction('conversations').objectStore('conversations').get(id);
      return answerOf(request as IDBRequest<Conversation | undefined>);
    });
    return found === undefined ? null : afterReload(found);
  }

  /** Stores a conversation, new or changed. */
  async save(conversation: Conversation): Promise<void> {
    const entry = entryOf(conversation);
    this.entries.set(newestFirst([entry, ...(this.entries.get() ?? []).filter(({ id }) => id !== entry.id)]));
    await this.#change((conversations, entries) => {
      conversations.put(conversation);
      entries.put(entry);
    });
  }

  /** Takes over all conversations of another database, which then has none. */
  async takeOver(other: HistoryStore): Promise<void> {
    for (const { id } of other.entries.get() ?? []) {
      const conversation = await other.read(id);
      if (conversation === null) continue;
      await this.save(conversation);
      // A conversation that could not be stored here stays there.
      if (this.failure.get() !== null) return;
      await other.delete(id);
    }
  }

  async rename(id: string, title: string): Promise<void> {
    const conversation = await this.read(id);
    if (conversation !== null) await this.save({ ...conversation, title });
  }

  async delete(id: string): Promise<void> {
    this.entries.set((this.entries.get() ?? []).filter((entry) => entry.id !== id));
    await this.#change((conversations, entries) => {
      conversations.delete(id);
      entries.delete(id);
    });
  }

  async #change(work: (conversations: IDBObjectStore, entries: IDBObjectStore) => void): Promise<void> {
    await this.#guarded(async () => {
      const transaction = (await this.#open()).transaction(['conversations', 'entries'], 'readwrite');
      work(transaction.objectStore('conversations'), transaction.objectStore('entries'));
      await new Promise<void>((resolve, reject) => {
        transaction.addEventListener('complete', () => resolve());
        transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('The transaction ended.')));
      });
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(this.#name, VERSION);
      request.addEventListener('upgradeneeded', () => {
        request.result.createObjectStore('conversations', { keyPath: 'id' });
        request.result.createObjectStore('entries', { keyPath: 'id' });
      });
      request.addEventListener('success', () => resolve(request.result));
      request.addEventListener('error', () => reject(request.error ?? new Error('The database did not open.')));
    });
    return this.#database;
  }

  async #guarded<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await work();
    } catch (error) {
      // Private windows refuse the database, and a full disk refuses writes.
      if (!(error instanceof Error)) throw error;
      this.failure.set(error.message);
      if (this.entries.get() === null) this.entries.set([]);
      return undefined;
    }
  }
}

/** Returns the entries that have all the words of a search. */
export function foundEntries(entries: readonly HistoryEntry[], search: string): readonly HistoryEntry[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return entries;
  return entries.filter((entry) => words.every((word) => entry.words.includes(word)));
}

/** The list entry of a conversation. */
export function entryOf({ id, title, instance, updatedAt, turns }: Conversation): HistoryEntry {
  const words = [title, instance, ...turns.map(({ text }) => text)].join('\n').slice(0, SEARCHED).toLowerCase();
  return { id, title, instance, updatedAt, words };
}

function newestFirst(entries: readonly HistoryEntry[]): readonly HistoryEntry[] {
  return entries.toSorted((one, other) => other.updatedAt - one.updatedAt);
}

function answerOf<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('The database did not answer.')));
  });
}
