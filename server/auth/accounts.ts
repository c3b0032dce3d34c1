import type { CreateUser, Role, UpdateUser, User } from '@llamactl/contract/auth';
import { ApiError } from '@llamactl/contract/errors';
import type { ChangeQueue } from './change-queue.ts';
import { changedLimits, NO_LIMITS, shownLimits } from './limits.ts';
import type { Passwords } from './passwords.ts';
import type { AccountStore, Clock, Randomness, StoredUser } from './auth-ports.ts';

/** Gets every change that revokes or demotes an account, in the same turn in which the change takes effect. */
export interface AccountListener {
  /**
   * @param isRevoked True: the account's tokens and keys are permanently invalid. False: only its role changed, which
   *   its next request gets.
   * @param isPasswordPast The account has another password now, or is gone.
   */
  onChanged(userId: string, isRevoked: boolean, isPasswordPast: boolean): void;
}

interface AccountsParts {
  store: Pick<AccountStore, 'saveUser' | 'removeUser'>;
  clock: Pick<Clock, 'now'>;
  randomness: Pick<Randomness, 'token'>;
  passwords: Passwords;
  changes: ChangeQueue;
  /** Accounts that the store has at the start. */
  stored: readonly StoredUser[];
}

const ID_BYTES = 8;

/** Owner of all accounts. Accounts are immutable: a change makes a new object. */
export class Accounts {
  readonly #parts: AccountsParts;
  readonly #users: Map<string, StoredUser>;
  /** Ids of accounts, by name in lower case. */
  readonly #ids: Map<string, string>;
  readonly #listeners = new Set<AccountListener>();

  constructor(parts: AccountsParts) {
    this.#parts = parts;
    this.#users = new Map(parts.stored.map((user) => [user.id, user]));
    this.#ids = new Map(parts.stored.map(({ id, username }) => [username.toLowerCase(), id]));
  }

  get count(): number {
    return this.#users.size;
  }

  /** The id of the account that was created first; `null`: no account exists. */
  get oldest(): string | null {
    const [oldest] = [...this.#users.values()].toSorted((one, other) => (one.createdAt < other.createdAt ? -1 : 1));
    return oldest?.id ?? null;
  }

  find(id: string): StoredUser | undefined {
    return this.#users.get(id);
  }

  /** Finds an account by name, ignoring case. */
  named(username: string): StoredUser | undefined {
    return this.#users.get(this.#ids.get(username.toLowerCase()) ?? '');
  }

  watch(listener: AccountListener): void {
    this.#listeners.add(listener);
  }

  /** Lists all accounts, sorted by name. */
  list(): User[] {
    return [...this.#users.values()]
      .toSorted((one, other) => (one.username.toLowerCase() < other.username.toLowerCase() ? -1 : 1))
      .map(shownUser);
  }

  /** @throws {ApiError} `VALIDATION_ERROR` when the name is taken */
  async create({ username, password, role, ...limits }: CreateUser): Promise<User> {
    this.#refuseTaken(username);
    const passwordHash = await this.#parts.passwords.hash(password);
    return this.#parts.changes.run(async () => {
      this.#refuseTaken(username);
      const now = this.#now();
      return this.#save({
        id: this.#parts.randomness.token(ID_BYTES),
        username,
        role,
        passwordHash,
        disabled: false,
        createdAt: now,
        updatedAt: now,
        lastLoginAt: null,
        tokenGeneration: 1,
        limits: changedLimits(NO_LIMITS, limits),
      });
    });
  }

  /**
   * Changes the given fields. A new password, or disabling the account, revokes all of its tokens and keys. A new role
   * closes its open connections and streams. New limits apply from the next request on.
   *
   * @param onChanged Gets the account as it was, and as it is, once the change is stored.
   * @throws {ApiError} `NOT_FOUND`; `FORBIDDEN` when no admin would be left
   */
  async update(
    username: string,
    { role, disabled, password, ...limits }: UpdateUser,
    onChanged?: (before: User, after: User) => void,
  ): Promise<User> {
    const { id } = present(this.named(username));
    this.#refuseLastAdmin(id, { role, disabled });
    const passwordHash = password === undefined ? null : await this.#parts.passwords.hash(password);
    return this.#parts.changes.run(async () => {
      // Look the account up by id: its name may belong to another account by now.
      const user = present(this.#users.get(id));
      this.#refuseLastAdmin(id, { role, disabled });
      const isRevoked = passwordHash !== null || (disabled === true && !user.disabled);
      const isDemoted = role !== undefined && role !== user.role;
      const shown = await this.#save({
        ...user,
        role: role ?? user.role,
        disabled: disabled ?? user.disabled,
        passwordHash: passwordHash ?? user.passwordHash,
        tokenGeneration: user.tokenGeneration + (isRevoked ? 1 : 0),
        updatedAt: this.#now(),
        limits: changedLimits(user.limits, limits),
      });
      if (isRevoked || isDemoted) this.#notify(id, isRevoked, passwordHash !== null);
      onChanged?.(shownUser(user), shown);
      return shown;
    });
  }

  /**
   * Removes an account with its tokens and keys.
   *
   * @throws {ApiError} `NOT_FOUND`; `FORBIDDEN` when no admin would be left
   */
  async remove(username: string): Promise<void> {
    const { id } = present(this.named(username));
    await this.#parts.changes.run(async () => {
      const user = present(this.#users.get(id));
      this.#refuseLastAdmin(id, { disabled: true });
      await this.#parts.store.removeUser(id);
      this.#users.delete(id);
      this.#ids.delete(user.username.toLowerCase());
      this.#notify(id, true, true);
    });
  }

  /** Notes a log-in at the current time. */
  async noteLogin(id: string): Promise<void> {
    await this.#parts.changes.run(async () => {
      const user = this.#users.get(id);
      if (user !== undefined) await this.#save({ ...user, lastLoginAt: this.#now() });
    });
  }

  /** Stores another hash of the same password, unless the account's tokens were revoked since `proven`. */
  async renewHash(proven: StoredUser, passwordHash: string): Promise<void> {
    await this.#parts.changes.run(async () => {
      const user = this.#users.get(proven.id);
      if (user?.tokenGeneration === proven.tokenGeneration) await this.#save({ ...user, passwordHash });
    });
  }

  async #save(user: StoredUser): Promise<User> {
    await this.#parts.store.saveUser(user);
    this.#users.set(user.id, user);
    this.#ids.set(user.username.toLowerCase(), user.id);
    return shownUser(user);
  }

  #refuseTaken(username: string): void {
    const holder = this.named(username);
    if (holder === undefined) return;
    const message = `is taken: there is an account ${holder.username} (names ignore case)`;
    throw new ApiError('VALIDATION_ERROR', `The account was not created: its name ${message}.`, {
      problems: [{ path: 'username', message }],
    });
  }

  #refuseLastAdmin(id: string, change: { role?: Role | undefined; disabled?: boolean | undefined }): void {
    const isActiveAdmin = ({ role, disabled }: StoredUser): boolean => role === 'admin' && !disabled;
    const isLost = (change.role !== undefined && change.role !== 'admin') || change.disabled === true;
    const user = this.#users.get(id);
    if (!isLost || user === undefined || !isActiveAdmin(user)) return;
    if (this.#users.values().some((other) => other.id !== id && isActiveAdmin(other))) return;
    throw new ApiError(
      'FORBIDDEN',
      `${user.username} is the last admin who can log in; make or enable another one first.`,
    );
  }

  #notify(userId: string, isRevoked: boolean, isPasswordPast: boolean): void {
    for (const listener of this.#listeners) listener.onChanged(userId, isRevoked, isPasswordPast);
  }

  #now(): string {
    return new Date(this.#parts.clock.now()).toISOString();
  }
}

function present(user: StoredUser | undefined): StoredUser {
  if (user !== undefined) return user;
  throw new ApiError('NOT_FOUND', 'There is no account of this name; GET /api/users lists them.');
}

/** An account as callers may see it. */
export function shownUser(user: StoredUser): User {
  return {
    username: user.username,
    role: user.role,
    disabled: user.disabled,
    ...shownLimits(user.limits),
    created_at: user.createdAt,
    updated_at: user.updatedAt,
    last_login_at: user.lastLoginAt,
  };
}
