/**
 * Stands for `indexedDB`, as far as the page uses it. Object stores have the key `id`. As in a browser, a transaction
 * begins when the one before it has ended, and it ends when none of its requests is open.
 */
export class FakeDatabases {
  readonly #databases = new Map<string, FakeDatabase>();

  open(name: string): FakeRequest {
    const request = new FakeRequest();
    const present = this.#databases.get(name);
    const database = present ?? new FakeDatabase();
    this.#databases.set(name, database);
    request.result = database;
    setTimeout(() => {
      if (present === undefined) request.dispatchEvent(new Event('upgradeneeded'));
      request.dispatchEvent(new Event('success'));
    });
    return request;
  }
}

/** A request; its result is there with the event `success`. */
class FakeRequest extends EventTarget {
  result: unknown;
}

class FakeDatabase {
  readonly #stores = new Map<string, Map<string, unknown>>();
  #last: Promise<void> = Promise.resolve();

  createObjectStore(name: string): void {
    this.#stores.set(name, new Map());
  }

  transaction(): FakeTransaction {
    const transaction = new FakeTransaction(this.#stores, this.#last);
    this.#last = transaction.ended;
    return transaction;
  }
}

class FakeTransaction extends EventTarget {
  readonly ended: Promise<void>;
  readonly #stores: ReadonlyMap<string, Map<string, unknown>>;
  readonly #begin: Promise<void>;
  #open = 0;

  constructor(stores: ReadonlyMap<string, Map<string, unknown>>, begin: Promise<void>) {
    super();
    this.#stores = stores;
    this.#begin = begin;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.addEventListener('complete', () => resolve());
  }

  objectStore(name: string): FakeObjectStore {
    const rows = this.#stores.get(name);
    if (rows === undefined) throw new Error(`the database has no object store ${name}`);
    return new FakeObjectStore(rows, (work) => this.#ask(work));
  }

  #ask(work: () => unknown): FakeRequest {
    const request = new FakeRequest();
    this.#open += 1;
    void this.#answer(request, work);
    return request;
  }

  async #answer(request: FakeRequest, work: () => unknown): Promise<void> {
    await this.#begin;
    setTimeout(() => {
      request.result = structuredClone(work());
      request.dispatchEvent(new Event('success'));
      // The caller may go on with another request, before the next task.
      setTimeout(() => {
        this.#open -= 1;
        if (this.#open === 0) this.dispatchEvent(new Event('complete'));
      });
    });
  }
}

class FakeObjectStore {
  readonly #rows: Map<string, unknown>;
  readonly #ask: (work: () => unknown) => FakeRequest;

  constructor(rows: Map<string, unknown>, ask: (work: () => unknown) => FakeRequest) {
    this.#rows = rows;
    this.#ask = ask;
  }

  get(id: string): FakeRequest {
    return this.#ask(() => this.#rows.get(id));
  }

  getAll(): FakeRequest {
    return this.#ask(() => [...this.#rows.values()]);
  }

  put(row: { id: string }): FakeRequest {
    const copy = structuredClone(row);
    return this.#ask(() => this.#rows.set(copy.id, copy).size);
  }

  delete(id: string): FakeRequest {
    return this.#ask(() => this.#rows.delete(id));
  }
}
