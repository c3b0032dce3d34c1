import { ValueStore } from '../../lib/value-store.ts';
import { afterReload, type Conversation } from './conversation.ts';
import { joined, sharing } from './conversation-join.ts';
import { newId } from './new-id.ts';

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

/** A change of the store, as one tab reports it to the others. */
type Change = { kind: 'saved'; entry: HistoryEntry } | { kind: 'deleted'; id: string };

/** Hears of a change that another tab made. */
export type ChangeListener = (kind: Change['kind'], id: string) => void;

const VERSION = 1;
/** Characters of each conversation that the search reads. */
const SEARCHED = 20_000;

/**
 * Owns the conversations of this browser, in IndexedDB. Their contents never leave it but for `/v1`. A browser that
 * refuses the database only forgets them; `failure` then says why. All tabs share the database: a tab joins its version
 * with the stored one, and reports each change to the others.
 */
export class HistoryStore {
  /** Newest first; `null`: not read yet. */
  readonly entries = new ValueStore<readonly HistoryEntry[] | null>(null);
  /** Why conversations are not kept; `null`: they are. */
  readonly failure = new ValueStore<string | null>(null);
  readonly name: string;
  readonly #tabs: BroadcastChannel;
  readonly #listeners = new Set<ChangeListener>();
  #database: Promise<IDBDatabase> | null = null;

  /** @param name Of the database: servers under different prefixes, and users, have their own. */
  constructor(name: string) {
    this.name = name;
    this.#tabs = new BroadcastChannel(name);
    this.#tabs.addEventListener('message', ({ data }: MessageEvent<Change>) => this.#hear(data));
  }

  /** Calls back after each change that another tab made. Returns a function that ends this. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
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

  /** Reads a conversation whose answers no tab awaits; `null`: no chat has this id, or the browser refuses to read it. */
  async read(id: string): Promise<Conversation | null> {
    const found = await this.readNow(id);
    return found === null ? null : afterReload(found);
  }

  /** Reads a conversation with the answer that another tab gets now; `null`: see {@link read}. */
  async readNow(id: string): Promise<Conversation | null> {
    const found = await this.#guarded(async () => {
      const database = await this.#open();
      return answerOf(storedOf(database.transaction('conversations').objectStore('conversations'), id));
    });
    return found ?? null;
  }

  /**
   * Stores a conversation, new or changed, joined with what other tabs stored since.
   *
   * @param known The last stored version that this tab has seen; the conversation itself if it has seen none.
   * @returns the stored version; `null`: the browser refuses to store it
   */
  async save(conversation: Conversation, known: Conversation): Promise<Conversation | null> {
    // A new chat is in the list at once. Each later version comes when it is stored, joined with those of other tabs.
    if (!this.#lists(conversation.id)) this.#enter(entryOf(conversation));
    const written = await this.#change(async (conversations, entries) => {
      const stored = await answerOf(storedOf(conversations, conversation.id));
      const isOurs = stored === undefined || stored.stamp === known.stamp;
      const whole = isOurs ? conversation : joined(conversation, known, sharing(stored, known));
      const next = { ...whole, stamp: newId() };
      conversations.put(next);
      const entry = entryOf(next);
      entries.put(entry);
      return { next, entry };
    });
    // Without the database, the list still has the version of this tab. A chat that was deleted meanwhile stays away.
    if (this.#lists(conversation.id)) this.#enter(written?.entry ?? entryOf(conversation));
    if (written === undefined) return null;
    this.#report({ kind: 'saved', entry: written.entry });
    return written.next;
  }

  /** Takes over all conversations of another database, which then has none. */
  async takeOver(other: HistoryStore): Promise<void> {
    for (const { id } of other.entries.get() ?? []) {
      const conversation = await other.read(id);
      if (conversation === null) continue;
      // Of a chat with the same id here, all turns stay.
      await this.save(conversation, { ...conversation, turns: [], stamp: undefined });
      // A conversation that could not be stored here stays there.
      if (this.failure.get() !== null) return;
      await other.delete(id);
    }
  }

  async rename(id: string, title: string): Promise<void> {
    // As it is stored: another tab may await an answer in it.
    const conversation = await this.readNow(id);
    if (conversation !== null) await this.save({ ...conversation, title }, conversation);
  }

  async delete(id: string): Promise<void> {
    this.#leave(id);
    const isGone = await this.#change(async (conversations, entries) => {
      conversations.delete(id);
      entries.delete(id);
      return true;
    });
    if (isGone === true) this.#report({ kind: 'deleted', id });
  }

  /** Runs work in one transaction; transactions of all tabs run one after the other. */
  async #change<Value>(
    work: (conversations: IDBObjectStore, entries: IDBObjectStore) => Promise<Value>,
  ): Promise<Value | undefined> {
    return this.#guarded(async () => {
      const transaction = (await this.#open()).transaction(['conversations', 'entries'], 'readwrite');
      const end = new Promise<void>((resolve, reject) => {
        transaction.addEventListener('complete', () => resolve());
        transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('The transaction ended.')));
      });
      const [value] = await Promise.all([
        work(transaction.objectStore('conversations'), transaction.objectStore('entries')),
        end,
      ]);
      return value;
    });
  }

  #lists(id: string): boolean {
    return this.entries.get()?.some((entry) => entry.id === id) === true;
  }

  #enter(entry: HistoryEntry): void {
    this.entries.set(newestFirst([entry, ...(this.entries.get() ?? []).filter(({ id }) => id !== entry.id)]));
  }

  #leave(id: string): void {
    this.entries.set((this.entries.get() ?? []).filter((entry) => entry.id !== id));
  }

  #report(change: Change): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel reaches this origin only
    this.#tabs.postMessage(change);
  }

  #hear(change: Change): void {
    if (change.kind === 'saved') this.#enter(change.entry);
    else this.#leave(change.id);
    const id = change.kind === 'saved' ? change.entry.id : change.id;
    for (const listener of this.#listeners) listener(change.kind, id);
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(this.name, VERSION);
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

function storedOf(conversations: IDBObjectStore, id: string): IDBRequest<Conversation | undefined> {
  return conversations.get(id) as IDBRequest<Conversation | undefined>;
}

function answerOf<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error ?? new Error('The database did not answer.')));
  });
}
