import { ApiError } from '@llamactl/contract/errors';
import { untagged } from '@llamactl/contract/model-names';
import { Claims, type Claim } from './settings/claims.ts';
import type { Mailbox } from './life/mailbox.ts';
import { livePort } from './life/transitions.ts';

/**
 * All instances by id and by name. Keeps names, aliases and ports unique: callers check a claim and take it in the same
 * event-loop turn.
 */
export class Registry {
  readonly #byId = new Map<string, Mailbox>();
  readonly #byName = new Map<string, Mailbox>();
  readonly #ownPort: () => number | null;

  /** @param ownPort The port llamactl itself listens on, once known. */
  constructor(ownPort: () => number | null) {
    this.#ownPort = ownPort;
  }

  /** All instances, oldest first. */
  all(): Mailbox[] {
    return [...this.#byId.values()];
  }

  /**
   * All instances that are not deleted, oldest first. An instance counts as deleted even before its deletion is stored.
   */
  open(): Mailbox[] {
    return this.all().filter((mailbox) => !mailbox.isClosed);
  }

  /** Adds an instance, and follows its renames. */
  add(mailbox: Mailbox): void {
    let { name } = mailbox.record;
    this.#byId.set(mailbox.record.id, mailbox);
    this.#byName.set(name.toLowerCase(), mailbox);
    mailbox.watch(() => {
      if (mailbox.record.name === name) return;
      this.#dropName(name, mailbox);
      ({ name } = mailbox.record);
      this.#byName.set(name.toLowerCase(), mailbox);
    });
  }

  drop(mailbox: Mailbox): void {
    this.#byId.delete(mailbox.record.id);
    this.#dropName(mailbox.record.name, mailbox);
  }

  #dropName(name: string, mailbox: Mailbox): void {
    if (this.find(name) === mailbox) this.#byName.delete(name.toLowerCase());
  }

  byId(id: string): Mailbox | null {
    return this.#byId.get(id) ?? null;
  }

  /** Finds an instance by name, ignoring case. */
  find(name: string): Mailbox | null {
    return this.#byName.get(name.toLowerCase()) ?? null;
  }

  /**
   * Finds the instance with this name, ignoring case; else the one with exactly this alias. Without either, `NAME:latest`
   * means `NAME`, as for Ollama. Skips deleted instances.
   */
  findAny(nameOrAlias: string): Mailbox | null {
    const hasAlias = ({ record }: Mailbox): boolean => record.settings.aliases.includes(nameOrAlias);
    const found = this.find(nameOrAlias) ?? this.all().find(hasAlias) ?? null;
    const bare = untagged(nameOrAlias);
    if (found === null && bare !== null) return this.findAny(bare);
    return found === null || found.isClosed ? null : found;
  }

  /** Names, aliases and ports taken by all instances except `except`, by their live runs, and by llamactl itself. */
  claims(except: ReadonlySet<string> = new Set()): Claims {
    const claims = new Claims();
    const own = this.#ownPort();
    if (own !== null) claims.takePort(own, null, 'llamactl itself');
    for (const { record, acceptedName, state } of this.all()) {
      if (except.has(record.id)) continue;
      claims.take({ ...record, aliases: record.settings.aliases });
      // If the rename cannot be stored, the instance gets its old name back.
      if (acceptedName !== record.name) claims.take({ id: record.id, name: acceptedName, aliases: [], port: null });
      const live = livePort(state);
      if (live !== null) claims.takePort(live, record.id, `the running engine of ${record.name}`);
    }
    return claims;
  }

  /** @throws {ApiError} the claim collides with a name, alias or port of another instance, a live run or llamactl */
  assertFree(claim: Claim): void {
    const [clash] = this.claims(new Set([claim.id])).clashes(claim);
    if (clash !== undefined) throw new ApiError(clash.code, `${clash.message}.`);
  }

  /** An instance other than `id` that keeps the port until its ending run is gone; `null`: no such instance. */
  leaving(port: number, id: string): Mailbox | null {
    const isLeaving = ({ record, state }: Mailbox): boolean =>
      record.id !== id && 'ending' in state && state.run.launch?.plan.port === port;
    return this.all().find(isLeaving) ?? null;
  }
}
