import { phrase } from '@llamactl/contract/phrases';
import type { ErrorCode, Problem } from '@llamactl/contract/errors';
import type { Claims, Clash } from '../settings/claims.ts';
import type { FleetMove } from './fleet-plan.ts';
import type { StoredInstance } from '../ports/instance-store.ts';
import { livePort } from '../life/transitions.ts';

/** A problem of an entry; the path is relative to the entry. */
export type EntryProblem = Problem & { code: ErrorCode; entry: number };

/**
 * The id under which a move claims names and ports: the instance's own id, or one made of the name of a new instance.
 */
export function claimantOf({ name, present }: FleetMove<StoredInstance>): string {
  return present?.record.id ?? `new ${name.toLowerCase()}`;
}

/** The port that the instance's engine uses now, and will have freed when all moves are made; `null`: none. */
export function portLeft({ action, present }: FleetMove<StoredInstance>): number | null {
  const state = present?.instance.state;
  if (state === undefined) return null;
  return action === 'restart' || 'ending' in state ? livePort(state) : null;
}

/** Clashes as problems of the document. A clash between two of its entries is always a `VALIDATION_ERROR`. */
export function clashProblems<Move extends FleetMove<StoredInstance>>(
  moves: readonly Move[],
  clashes: ReadonlyMap<Move, readonly Clash[]>,
): EntryProblem[] {
  const claimants = new Set<string | null>(moves.map(claimantOf));
  return [...clashes].flatMap(([{ entry }, those]) =>
    those.map(({ code, path, message, holder }) => ({
      code: claimants.has(holder) ? ('VALIDATION_ERROR' as const) : code,
      path,
      message,
      entry,
    })),
  );
}

/** Result of {@link judgeClaims}. */
export interface Judgement<Move> {
  /** The moves whose claims belong to another instance. */
  clashes: Map<Move, Clash[]>;
  /** For every other move, the port of its instance. */
  ports: Map<Move, number>;
}

/**
 * Judges the claims of all moves together: a move may take what another gives up, so two instances can swap. If two
 * moves claim the same name or port, the first in the document gets it.
 *
 * @param claims The claims of all other instances; this function adds those of the moves.
 * @param freePort Returns a free port; `null`: none is left.
 * @param usedUp The message if no port is left.
 */
export function judgeClaims<Move extends FleetMove<StoredInstance>>(
  moves: readonly Move[],
  claims: Claims,
  freePort: (claims: Claims) => number | null,
  usedUp: string,
): Judgement<Move> {
  const clashes = new Map<Move, Clash[]>();
  const ports = new Map<Move, number>();
  for (const move of moves) {
    const live = move.present === null ? null : livePort(move.present.instance.state);
    if (live === null || portLeft(move) !== null) continue;
    claims.takePort(live, claimantOf(move), `the running engine of ${move.name}`);
  }
  for (const move of moves) {
    const { name, edit } = move;
    const claim = { id: claimantOf(move), name, aliases: edit.settings.aliases, port: edit.port };
    const found = claims.clashes(claim);
    if (found.length > 0) {
      clashes.set(move, found);
      continue;
    }
    claims.take(claim);
    if (edit.port !== null) ports.set(move, edit.port);
  }
  for (const move of moves) {
    if (clashes.has(move) || ports.has(move)) continue;
    const port = freePort(claims);
    if (port === null) {
      clashes.set(move, [
        { code: 'PORT_CONFLICT', path: 'port', message: usedUp, phrase: phrase('ports_used_up'), holder: null },
      ]);
      continue;
    }
    claims.takePort(port, claimantOf(move), `the instance ${move.name}`);
    ports.set(move, port);
  }
  return { clashes, ports };
}
