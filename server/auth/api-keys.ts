import type { CreateKey, Key, KeyCreated, UpdateKey } from '@llamactl/contract/auth';
import { ApiError } from '@llamactl/contract/errors';
import type { AccountListener, Accounts } from './accounts.ts';
import type { Background } from './background.ts';
import type { Caller } from './caller.ts';
import { mayCall } from './permissions.ts';
import type { ChangeQueue } from './change-queue.ts';
import { type DeadListener, endOfAccount, endOfKey } from './dead.ts';
import { judgeKeyChange } from './key-change.ts';
import { isWithin, judgeKeyRequest } from './key-request.ts';
import { keyHash, keyPrefix, newKeySecret } from './key-secret.ts';
import { KeyUses } from './key-uses.ts';
import { limitsInForce, shownLimits, type Limits } from './limits.ts';
import type { AccountStore, Clock, InstanceNames, Randomness, StoredKey, StoredUser } from './auth-ports.ts';

/** A known key that has not expired, with the account that owns it. */
export interface FoundKey {
  stored: StoredKey;
  owner: StoredUser;
  /** `stored.instances` as a set; `null`: all instances. */
  instances: ReadonlySet<string> | null;
  /** The key's own limits on `/v1`; `null`: none. */
  limits: Limits | null;
  /** Milliseconds since the epoch; `null`: never. */
  expiresAt: number | null;
  /** Aborts when the key becomes invalid, or its owner's role changes. */
  revoked: AbortSignal;
}

/** A key for the audit trail and for requests, which name it also after it was revoked. */
export function keyLabel({ id, name }: Pick<Key, 'id' | 'name'>): string {
  return `${id} (${name})`;
}

interface KeysParts {
  store: Pick<AccountStore, 'saveKey' | 'removeKey' | 'noteKeysUsed'>;
  clock: Pick<Clock, 'now' | 'after'>;
  randomness: Pick<Randomness, 'token'>;
  accounts: Accounts;
  instances: InstanceNames;
  changes: ChangeQueue;
  background: Background;
  onDead: DeadListener;
  /** Keys that the store has at the start. */
  stored: readonly StoredKey[];
}

interface Entry extends Omit<FoundKey, 'owner' | 'revoked'> {
  controller: AbortController;
}

const ID_BYTES = 6;
const MOST_PER_ACCOUNT = 1_000;

/** Owner of all keys for programs. */
export class Keys implements AccountListener {
  readonly #parts: KeysParts;
  /** By SHA-256 of the key, oldest first. */
  readonly #entries = new Map<string, Entry>();
  readonly #uses: KeyUses;
  /** Timers of ends that were changed, by id of the key: connections opened before the change end by them. */
  readonly #ends = new Map<string, () => void>();

  constructor(parts: KeysParts) {
    this.#parts = parts;
    this.#uses = new KeyUses(parts);
    for (const stored of parts.stored) {
      const entry = entryFor(stored);
      // A change of the account revoked this key, but the process ended before the key was removed.
      if (this.#ownerOf(entry) === undefined) this.#forget(entry);
      else this.#entries.set(stored.hash, entry);
    }
    parts.accounts.watch(this);
  }

  /**
   * Finds a key by its secret, and notes its use.
   *
   * @throws {ApiError} `UNAUTHORIZED`
   */
  use(secret: string): FoundKey {
    const entry = this.#entries.get(keyHash(secret));
    const owner = entry && this.#ownerOf(entry);
    if (entry === undefined || owner === undefined || owner.disabled) {
      throw new ApiError(
        'UNAUTHORIZED',
        `This key (${keyPrefix(secret)}…) is not known, or was revoked; make another one.`,
      );
    }
    if (entry.expiresAt !== null && entry.expiresAt <= this.#parts.clock.now()) {
      const { id, name, prefix } = entry.stored;
      throw new ApiError('UNAUTHORIZED', `The key ${name} (${id}, ${prefix}…) has expired; make another one.`);
    }
    this.#uses.note(entry.stored.id);
    const { stored, instances, limits, expiresAt, controller } = entry;
    return { stored, owner, instances, limits, expiresAt, revoked: controller.signal };
  }

  /**
   * Lists the keys that the caller may see, oldest first. An admin sees all keys, an account its own. A key sees
   * itself, and keys of its owner with no more rights than its own.
   */
  list(caller: Caller): Key[] {
    return [...this.#visible(caller)].map((entry) => this.#shown(entry.stored));
  }

  /**
   * @throws {ApiError} `VALIDATION_ERROR` with every problem; `FORBIDDEN` when the key would exceed the rights of its
   * owner or of the caller
   */
  async create(caller: Caller, body: CreateKey): Promise<KeyCreated> {
    const { changes, store, randomness, clock } = this.#parts;
    return changes.run(async () => {
      refuseRevoked(caller);
      const facts = {
        caller,
        owner: this.#wantedOwner(caller, body),
        instances: this.#parts.instances,
        now: clock.now(),
      };
      const { grant, owner } = judgeKeyRequest(body, facts);
      this.#refuseTooMany(owner);
      const secret = newKeySecret(randomness);
      const stored: StoredKey = {
        ...grant,
        id: randomness.token(ID_BYTES),
        hash: keyHash(secret),
        prefix: keyPrefix(secret),
        ownerId: owner.id,
        generation: owner.tokenGeneration,
        createdAt: new Date(clock.now()).toISOString(),
        lastUsedAt: null,
      };
      await store.saveKey(stored);
      this.#entries.set(stored.hash, entryFor(stored));
      return { message: 'Key created successfully', key: secret, info: this.#shown(stored) };
    });
  }

  /**
   * Changes the name or the end of a key that the caller may {@link list}. Connections that the key opened go on until
   * its new end, if that is earlier.
   *
   * @param onChanged Gets the key as it was, and as it is, once the change is stored.
   * @throws {ApiError} `NOT_FOUND`; `VALIDATION_ERROR` with every problem; `FORBIDDEN` when a key would make a key last
   *   longer than itself
   */
  async update(
    caller: Caller,
    id: string,
    body: UpdateKey,
    onChanged?: (before: Key, after: Key) => void,
  ): Promise<Key> {
    const { changes, store, clock } = this.#parts;
    return changes.run(async () => {
      refuseRevoked(caller);
      const entry = this.#named(caller, id);
      const before = this.#shown(entry.stored);
      const change = judgeKeyChange(body, { caller, key: before, now: clock.now() });
      const stored = { ...entry.stored, ...change, lastUsedAt: this.#uses.lastOf(id) ?? entry.stored.lastUsedAt };
      await store.saveKey(stored);
      const { expiresAt } = entryFor(stored);
      this.#entries.set(stored.hash, { ...entry, stored, expiresAt });
      if (expiresAt !== entry.expiresAt) this.#endAt(stored.hash, id, expiresAt);
      const after = this.#shown(stored);
      onChanged?.(before, after);
      return after;
    });
  }

  /** The names of all keys, by id. */
  names(): ReadonlyMap<string, string> {
    return new Map(this.#entries.values().map(({ stored: { id, name } }) => [id, name]));
  }

  /** Removes a key that the caller may {@link list}. @throws {ApiError} `NOT_FOUND` */
  async remove(caller: Caller, id: string): Promise<void> {
    await this.#parts.changes.run(async () => {
      const entry = this.#named(caller, id);
      await this.#parts.store.removeKey(id);
      this.#drop(entry, endOfKey());
      this.#parts.onDead({ kind: 'key', whose: id });
    });
  }

  /** Ends keys that another server has revoked: closes their connections and streams in this process. */
  end(isDead: (stored: Pick<StoredKey, 'id' | 'ownerId'>) => boolean, reason: ApiError): void {
    for (const { stored, controller } of this.#entries.values()) if (isDead(stored)) controller.abort(reason);
  }

  onChanged(userId: string, isRevoked: boolean): void {
    const reason = endOfAccount(this.#parts.accounts.find(userId));
    for (const entry of [...this.#entries.values()].filter(({ stored }) => stored.ownerId === userId)) {
      if (isRevoked) {
        this.#drop(entry, reason);
        this.#forget(entry);
      } else {
        this.#entries.set(entry.stored.hash, { ...entry, controller: new AbortController() });
        entry.controller.abort(reason);
      }
    }
  }

  close(): void {
    this.#uses.close();
  }

  /** `undefined`: the account is gone, or has revoked the key. */
  #ownerOf({ stored }: Entry): StoredUser | undefined {
    const owner = this.#parts.accounts.find(stored.ownerId);
    return owner?.tokenGeneration === stored.generation ? owner : undefined;
  }

  #visible(caller: Caller): IteratorObject<Entry> {
    if (mayCall(caller, 'admin')) return this.#entries.values();
    const own = this.#entries.values().filter(({ stored }) => stored.ownerId === caller.userId);
    if (caller.kind !== 'key') return own;
    return own.filter(({ stored }) => stored.id === caller.credentialId || isWithin(stored, caller));
  }

  #named(caller: Caller, id: string): Entry {
    const entry = this.#visible(caller).find(({ stored }) => stored.id === id);
    if (entry === undefined) {
      throw new ApiError(
        'NOT_FOUND',
        'There is no key of this id; GET /api/keys lists those that you may change or delete.',
      );
    }
    return entry;
  }

  /** Closes at the new end of a key what was opened while it had a later end. @param end `null`: never. */
  #endAt(hash: string, id: string, end: number | null): void {
    const { clock } = this.#parts;
    this.#ends.get(id)?.();
    this.#ends.delete(id);
    if (end === null) return;
    const left = end - clock.now();
    if (left > 0) {
      // A timer waits for less than a month at a time.
      this.#ends.set(
        id,
        clock.after(left, () => this.#endAt(hash, id, end)),
      );
      return;
    }
    const entry = this.#entries.get(hash);
    if (entry === undefined) return;
    this.#entries.set(hash, { ...entry, controller: new AbortController() });
    entry.controller.abort();
  }

  #wantedOwner(caller: Caller, { owner }: CreateKey): StoredUser | null | undefined {
    const { accounts } = this.#parts;
    if (owner === undefined) return caller.userId === null ? null : accounts.find(caller.userId);
    if (!mayCall(caller, 'admin') && owner.toLowerCase() !== caller.username?.toLowerCase()) {
      throw new ApiError('FORBIDDEN', 'Only an admin makes keys for others; leave out `owner` to make your own.');
    }
    return accounts.named(owner);
  }

  #refuseTooMany({ id, username }: StoredUser): void {
    const owned = this.#entries.values().filter(({ stored }) => stored.ownerId === id);
    if (owned.toArray().length < MOST_PER_ACCOUNT) return;
    throw new ApiError(
      'FORBIDDEN',
      `${username} has ${MOST_PER_ACCOUNT} keys, the most of one account; delete some first.`,
    );
  }

  #drop({ stored, controller }: Entry, reason: ApiError): void {
    this.#entries.delete(stored.hash);
    this.#endAt(stored.hash, stored.id, null);
    controller.abort(reason);
    this.#uses.forget(stored.id);
  }

  /** Removes a dead key from the store in the background. Its generation already makes the key invalid. */
  #forget({ stored }: Entry): void {
    this.#parts.background.run(() => this.#parts.store.removeKey(stored.id));
  }

  #shown(stored: StoredKey): Key {
    const { accounts, instances } = this.#parts;
    return {
      id: stored.id,
      name: stored.name,
      owner: accounts.find(stored.ownerId)?.username ?? '',
      prefix: stored.prefix,
      scopes: stored.scopes,
      instances: stored.instances?.map((id) => instances.nameOf(id)).filter((name) => name !== null) ?? null,
      may_start: stored.mayStart,
      ...shownLimits(stored.limits),
      created_at: stored.createdAt,
      expires_at: stored.expiresAt,
      last_used_at: notBefore(stored.createdAt, this.#uses.lastOf(stored.id) ?? stored.lastUsedAt),
    };
  }
}

/** A use in the minute of the creation has the begin of that minute, which is before the creation. @param use RFC 3339; `null`: never */
function notBefore(creation: string, use: string | null): string | null {
  return use !== null && Date.parse(use) < Date.parse(creation) ? creation : use;
}

/**
 * The credentials may have been revoked while the request waited. Its key would outlive the password change that was meant
 * to end it.
 */
function refuseRevoked({ revoked }: Caller): void {
  if (revoked.aborted) throw new ApiError('UNAUTHORIZED', 'These credentials were revoked; log in again.');
}

function entryFor(stored: StoredKey): Entry {
  return {
    stored,
    instances: stored.instances === null ? null : new Set(stored.instances),
    limits: limitsInForce(stored.limits),
    expiresAt: stored.expiresAt === null ? null : Date.parse(stored.expiresAt),
    controller: new AbortController(),
  };
}
