import { ApiError } from '@llamactl/contract/errors';
import { Claims, type Claim } from './settings/claims.ts';
import type { Mailbox } from './life/mailbox.ts';
import { pickPort } from './settings/port-pool.ts';
import { currentRun } from './life/transitions.ts';

/**
 * All instances, by name, and the owner of what must be unique among them: names, aliases, ports. Whoever claims one
 * checks and takes in the same turn.
 */
export class Registry {
  readonly #byId = new Map<string, Mailbox>();
  readonly #byName = new Map<string, Mailbox>();
  readonly #portRange: readonly [number, number];
  readonly #ownPort: () => number | null;

  /** @param ownPort The port llamactl itself listens on, once known. */
  constructor(portRange: readonly [number, number], ownPort: () => number | null) {
    this.#portRange = portRange;
    this.#ownPort = ownPort;
  }

  /** Oldest first. */
  all(): Mailbox[] {
    return [...this.#byId.values()];
  }

  add(mailbox: Mailbox): void {
    this.#byId.set(mailbox.record.id, mailbox);
    this.#byName.set(mailbox.record.name.toLowerCase(), mailbox);
  }

  drop(mailbox: Mailbox): void {
    this.#byId.delete(mailbox.record.id);
    this.#byName.delete(mailbox.record.name.toLowerCase());
  }

  byId(id: string): Mailbox | null {
    return this.#byId.get(id) ?? null;
  }

  /** Without regard to case. */
  find(name: string): Mailbox | null {
    return this.#byName.get(name.toLowerCase()) ?? null;
  }

  /** By exact alias. */
  findByAlias(alias: string): Mailbox | null {
    return this.all().find((mailbox) => mailbox.record.settings.aliases.includes(alias)) ?? null;
  }

  /** What is taken: by all instances but `except`, their live runs, and llamactl itself. */
  claims(except: ReadonlySet<string> = new Set()): Claims {
    const claims = new Claims();
    const own = this.#ownPort();
    if (own !== null) claims.takePort(own, null, 'llamactl itself');
    for (const { record, state } of this.all()) {
      if (except.has(record.id)) continue;
      claims.take({ ...record, aliases: record.settings.aliases });
      const live = currentRun(state)?.launch?.plan.port;
      if (live !== undefined) claims.takePort(live, record.id, `the running engine of ${record.name}`);
    }
    return claims;
  }

  /** Throws what the claim collides with: another instance's name, alias or port, a live run's port, or our own. */
  assertFree(claim: Claim): void {
    const [clash] = this.claims(new Set([claim.id])).clashes(claim);
    if (clash !== undefined) throw new ApiError(clash.code, `${clash.message}.`);
  }

  /** Another instance than `id` whose run is being ended and has the port until it is gone. */
  leaving(port: number, id: string): Mailbox | null {
    const isLeaving = ({ record, state }: Mailbox): boolean =>
      record.id !== id && 'ending' in state && state.run.launch?.plan.port === port;
    return this.all().find(isLeaving) ?? null;
  }

  /** A port of the range that nobody has, for the instance `id`; `null`: the range is used up. */
  freePort(id: string, avoid: ReadonlySet<number> = new Set()): number | null {
    return this.freePortBeside(this.claims(new Set([id])), avoid);
  }

  /** A port of the range that is not claimed; `null`: the range is used up. */
  freePortBeside({ ports }: Claims, avoid: ReadonlySet<number> = new Set()): number | null {
    return pickPort(this.#portRange, ports, avoid);
  }

  /** The same, or the error that says what would work. */
  assignPort(id: string): number {
    const port = this.freePort(id);
    if (port === null) throw new ApiError('PORT_CONFLICT', `${this.usedUp}.`);
    return port;
  }

  /** Says that no port is left, and what would work. */
  get usedUp(): string {
    const [first, last] = this.#portRange;
    return `Every port of instances.port_range (${first} to ${last}) is taken; widen it, name a port, or delete an instance`;
  }
}
