import { ApiError } from '@llamactl/contract/errors';
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
  readonly #portRange: readonly [number, number];
  readonly #ownPort: () => number | null;
  readonly #occupied: () => ReadonlySet<number>;

  /**
   * @param ownPort The port llamactl itself listens on, once known.
   * @param occupied The ports of this machine on which any process listens.
   */
  constructor(portRange: readonly [number, number], ownPort: () => number | null, occupied: () => ReadonlySet<number>) {
    this.#portRange = portRange;
    this.#ownPort = ownPort;
    this.#occupied = occupied;
  }

  /** All instances, oldest first. */
  all(): Mailbox[] {
    return [...this.#byId.values()];
  }

  /** All instances that are not deleted, oldest first. A deletion that is not stored yet counts. */
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

  /** Finds an instance that is not deleted by name, ignoring case, else by its exact alias. */
  findAny(nameOrAlias: string): Mailbox | null {
    const hasAlias = ({ record }: Mailbox): boolean => record.settings.aliases.includes(nameOrAlias);
    const found = this.find(nameOrAlias) ?? this.all().find(hasAlias);
    return found === undefined || found.isClosed ? null : found;
  }

  /** Names, aliases and ports taken by all instances except `except`, by their live runs, and by llamactl itself. */
  claims(except: ReadonlySet<string> = new Set()): Claims {
    const claims = new Claims();
    const own = this.#ownPort();
    if (own !== null) claims.takePort(own, null, 'llamactl itself');
    for (const { record, acceptedName, state } of this.all()) {
      if (except.has(record.id)) continue;
      claims.take({ ...record, aliases: record.settings.aliases });
      // A rename that cannot be stored takes the old name again.
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

  /** An instance other than `id` that is ending a run and keeps the port until that run is gone; `null`: no such instance. */
  leaving(port: number, id: string): Mailbox | null {
    const isLeaving = ({ record, state }: Mailbox): boolean =>
      record.id !== id && 'ending' in state && state.run.launch?.plan.port === port;
    return this.all().find(isLeaving) ?? null;
  }

  /** A port of the range that no other instance than `id` claims; `null`: the range is used up. */
  freePort(id: string, avoid: ReadonlySet<number> = new Set()): number | null {
    return this.freePortBeside(this.claims(new Set([id])), avoid);
  }

  /** The lowest port of the range, both ends included, outside of `claims`; `null`: the range is used up. */
  freePortBeside({ ports }: Claims, avoid: ReadonlySet<number> = new Set()): number | null {
    const [first, last] = this.#portRange;
    for (let port = first; port <= last; port += 1) {
      if (!ports.has(port) && !avoid.has(port)) return port;
    }
    return null;
  }

  /** A port for the instance `id`, on which no process listens if there is one. @throws {ApiError} the range is used up */
  assignPort(id: string): number {
    const mailbox = this.byId(id);
    const own = mailbox === null ? null : livePort(mailbox.state);
    const port = this.portAssigner(own)(this.claims(new Set([id])));
    if (port === null) throw new ApiError('PORT_CONFLICT', `${this.usedUp}.`);
    return port;
  }

  /**
   * Assigns ports outside of the claims given; `null`: the range is used up. Avoids ports on which a process listens now: the
   * start would choose another, and the port shown until then would be wrong. Looks at the machine once, at its first call.
   *
   * @param own A port that may be assigned although a process listens on it: that of the instance's own engine.
   */
  portAssigner(own: number | null = null): (claims: Claims) => number | null {
    let occupied: Set<number> | null = null;
    return (claims) => {
      if (occupied === null) {
        occupied = new Set(this.#occupied());
        if (own !== null) occupied.delete(own);
      }
      return this.freePortBeside(claims, occupied) ?? this.freePortBeside(claims);
    };
  }

  /** A message that no port is left, with remedies. */
  get usedUp(): string {
    const [first, last] = this.#portRange;
    return `Every port of instances.port_range (${first} to ${last}) is taken; widen it, name a port, or delete an instance`;
  }
}
