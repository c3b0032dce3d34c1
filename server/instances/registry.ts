import { ApiError } from '@llamactl/contract/errors';
import type { InstanceRecord } from './ports.ts';
import type { Mailbox } from './mailbox.ts';
import { pickPort, type TakenPorts } from './port-pool.ts';
import { currentRun } from './transitions.ts';

/** What a record would collide with. */
export type Claim = Pick<InstanceRecord, 'id' | 'name' | 'port'> & { aliases: readonly string[] };

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

  /** Throws what the claim collides with: another instance's name, alias or port, a live run's port, or our own. */
  assertFree(claim: Claim): void {
    for (const { record } of this.all()) {
      if (record.id === claim.id) continue;
      if (record.name.toLowerCase() === claim.name.toLowerCase()) {
        throw new ApiError('INSTANCE_EXISTS', `An instance named ${record.name} exists already; choose another name.`);
      }
      // A name is found in any case and before every alias: an alias like it would never be reached.
      const aliases = new Set(record.settings.aliases);
      const isShadowed = record.settings.aliases.some((alias) => alias.toLowerCase() === claim.name.toLowerCase());
      if (isShadowed)
        throw new ApiError(
          'ALIAS_CONFLICT',
          `${claim.name} already names the instance ${record.name}; choose another.`,
        );
      const clash = [claim.name, ...claim.aliases].find(
        (word) => aliases.has(word) || (word !== claim.name && record.name.toLowerCase() === word.toLowerCase()),
      );
      if (clash !== undefined) {
        throw new ApiError('ALIAS_CONFLICT', `${clash} already names the instance ${record.name}; choose another.`);
      }
    }
    const owner = this.#taken(claim.id).get(claim.port);
    if (owner !== undefined) {
      throw new ApiError(
        'PORT_CONFLICT',
        `Port ${claim.port} belongs to ${owner}; choose another, or leave it out to have one chosen.`,
      );
    }
  }

  /** A port of the range that nobody has, for the instance `id`; `null`: the range is used up. */
  freePort(id: string, avoid: ReadonlySet<number> = new Set()): number | null {
    return pickPort(this.#portRange, this.#taken(id), avoid);
  }

  /** The same, or the error that says what would work. */
  assignPort(id: string): number {
    const port = this.freePort(id);
    if (port !== null) return port;
    const [first, last] = this.#portRange;
    throw new ApiError(
      'PORT_CONFLICT',
      `Every port of instances.port_range (${first} to ${last}) is taken; widen it, name a port, or delete an instance.`,
    );
  }

  #taken(exceptId: string): TakenPorts {
    const taken = new Map<number, string>();
    const own = this.#ownPort();
    if (own !== null) taken.set(own, 'llamactl itself');
    for (const { record, state } of this.all()) {
      if (record.id === exceptId) continue;
      taken.set(record.port, `the instance ${record.name}`);
      const live = currentRun(state)?.launch?.plan.port;
      if (live !== undefined && live !== record.port) taken.set(live, `the running engine of ${record.name}`);
    }
    return taken;
  }
}
