import { ApiError } from '@llamactl/contract/errors';
import { livePort } from '../life/transitions.ts';
import type { Registry } from '../registry.ts';
import type { Claims } from './claims.ts';

/** Chooses ports for instances that name none. A caller takes the port in the same event-loop turn, so that it stays free. */
export class PortChoice {
  readonly #registry: Pick<Registry, 'byId' | 'claims'>;
  readonly #range: readonly [number, number];
  readonly #occupied: () => ReadonlySet<number>;

  /**
   * @param range First and last port, `instances.port_range`.
   * @param occupied The ports of this machine on which any process listens.
   */
  constructor(
    registry: Pick<Registry, 'byId' | 'claims'>,
    range: readonly [number, number],
    occupied: () => ReadonlySet<number>,
  ) {
    this.#registry = registry;
    this.#range = range;
    this.#occupied = occupied;
  }

  /** The lowest port of the range that no instance except `id` claims; `null`: the range is used up. */
  free(id: string, avoid: ReadonlySet<number>): number | null {
    return this.#beside(this.#registry.claims(new Set([id])), avoid);
  }

  /**
   * Returns a port for the instance `id`, if possible one on which no process listens. @throws {ApiError} the range is
   * used up
   */
  assign(id: string): number {
    const mailbox = this.#registry.byId(id);
    const own = mailbox === null ? null : livePort(mailbox.state);
    const port = this.assigner(own)(this.#registry.claims(new Set([id])));
    if (port === null) throw new ApiError('PORT_CONFLICT', `${this.usedUp}.`);
    return port;
  }

  /**
   * Returns a function that chooses a port that none of the given claims has; `null`: the range is used up. The
   * function avoids ports on which a process listens now, if it can: a start would choose another port, and the port
   * shown until then would be wrong. It reads the occupied ports once, at its first call.
   *
   * @param own A port that may be chosen although a process listens on it: that of the instance's own engine.
   */
  assigner(own: number | null = null): (claims: Claims) => number | null {
    let occupied: Set<number> | null = null;
    return (claims) => {
      if (occupied === null) {
        occupied = new Set(this.#occupied());
        if (own !== null) occupied.delete(own);
      }
      return this.#beside(claims, occupied) ?? this.#beside(claims);
    };
  }

  /** A message that no port is left, with remedies. */
  get usedUp(): string {
    const [first, last] = this.#range;
    return `Every port of instances.port_range (${first} to ${last}) is taken; widen it, name a port, or delete an instance`;
  }

  #beside({ ports }: Claims, avoid: ReadonlySet<number> = new Set()): number | null {
    const [first, last] = this.#range;
    for (let port = first; port <= last; port += 1) {
      if (!ports.has(port) && !avoid.has(port)) return port;
    }
    return null;
  }
}
