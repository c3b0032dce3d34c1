import { LONGEST_USAGE_SECONDS, USAGE_GROUPS, type UsageGroup } from '@llamactl/contract/usage';
import type { Clock } from '../instances/ports/time.ts';
import { addCounts, type UsageCell, type UsageCounts, UsageLevel, type UsageParties } from './usage-level.ts';

/** An account, a key or an instance. */
export interface UsageParty {
  id: string;
  name: string;
}

/** A request to an engine that ended. */
export interface UsedRequest {
  /** `null`: no account made it. */
  account: UsageParty | null;
  /** `null`: it was made without a key. */
  key: UsageParty | null;
  /** `null`: it named no instance. */
  instance: UsageParty | null;
  /** `refused`: llamactl answered with an error; `failed`: the engine did, or the answer broke off. */
  outcome: 'refused' | 'failed' | 'other';
  tokensIn: number;
  tokensOut: number;
}

/** The requests of one key, account or instance. */
export interface UsageSum extends UsageCounts {
  /** `null`: requests that had none. Keys always have one. */
  id: string | null;
  /** Its last known name. */
  name: string | null;
  /** The account of a key; else `null`. */
  account: UsageParty | null;
}

/** Counted requests in the form that outlives a restart. */
export interface KeptUsage {
  /** When counting began, milliseconds since the epoch. */
  begun: number;
  names: Record<UsageGroup, [id: string, name: string][]>;
  levels: { seconds: number; completeSince: number; cells: UsageCell[] }[];
}

/** Some 200 bytes for each cell: at most 10 MB. */
const LEVELS = [
  { seconds: 60, covers: 3_600, most: 10_000 },
  { seconds: 900, covers: 86_400, most: 10_000 },
  { seconds: 10_800, covers: LONGEST_USAGE_SECONDS, most: 30_000 },
];

const PARTY = { key: 'key', user: 'account', instance: 'instance' } as const satisfies Record<
  UsageGroup,
  keyof UsageParties
>;

/** Counts the requests of the last 30 days by account, key and instance: figures, never content. */
export class UsageLedger {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #levels = LEVELS.map((shape) => new UsageLevel(shape));
  /** The last known names by id, also of what no longer exists. */
  readonly #names: Record<UsageGroup, Map<string, string>> = { key: new Map(), user: new Map(), instance: new Map() };
  #begun: number;
  #hasChanged = false;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#begun = clock.now();
  }

  /** Counts a request that ends now. */
  add({ account, key, instance, outcome, tokensIn, tokensOut }: UsedRequest): void {
    const now = this.#clock.now();
    if (account !== null) this.#names.user.set(account.id, account.name);
    if (key !== null) this.#names.key.set(key.id, key.name);
    if (instance !== null) this.#names.instance.set(instance.id, instance.name);
    const parties = { account: account?.id ?? null, key: key?.id ?? null, instance: instance?.id ?? null };
    const [refused, failed] = [Number(outcome === 'refused'), Number(outcome === 'failed')];
    const counts = { requests: 1, refused, failed, tokensIn, tokensOut, last: now };
    for (const level of this.#levels) level.add(parties, counts, now);
    this.#hasChanged = true;
  }

  /** Notes another name of a key or instance, if it has been used. */
  renamed(kind: UsageGroup, { id, name }: UsageParty): void {
    if (!this.#names[kind].has(id)) return;
    this.#names[kind].set(id, name);
    this.#hasChanged = true;
  }

  /**
   * Sums the requests of the last time, most tokens first.
   *
   * @param isCounted Selects requests by their parties.
   * @returns `since`: requests that ended since then are counted, milliseconds since the epoch
   */
  sums(
    by: UsageGroup,
    windowSeconds: number,
    isCounted: (parties: UsageParties) => boolean,
  ): { since: number; until: number; sums: UsageSum[] } {
    const until = this.#clock.now();
    const level = this.#levels.find(({ shape }) => shape.covers >= windowSeconds) ?? this.#levels.at(-1);
    if (level === undefined) throw new Error('usage has no level');
    const from = level.stepOf(until - windowSeconds * 1_000);
    const sums = new Map<string | null, UsageSum>();
    level.each(from, (cell) => {
      const id = cell[PARTY[by]];
      if ((by === 'key' && id === null) || !isCounted(cell)) return;
      const sum = sums.get(id) ?? this.#emptySum(by, id, cell);
      addCounts(sum, cell);
      sums.set(id, sum);
    });
    const since = Math.max(from, this.#begun, level.completeSince);
    return { since, until, sums: [...sums.values()].toSorted(byTokens) };
  }

  /** Whether something was counted since the last call. */
  takeChanged(): boolean {
    const hasChanged = this.#hasChanged;
    this.#hasChanged = false;
    return hasChanged;
  }

  /** The counted requests to keep over a restart. */
  kept(): KeptUsage {
    const levels = this.#levels.map(({ shape: { seconds }, completeSince, cells }) => ({
      seconds,
      completeSince,
      cells,
    }));
    const cells = levels.flatMap((level) => level.cells);
    for (const kind of USAGE_GROUPS) {
      const used = new Set(cells.map((cell) => cell[PARTY[kind]]));
      for (const id of this.#names[kind].keys()) if (!used.has(id)) this.#names[kind].delete(id);
    }
    const { key, user, instance } = this.#names;
    return { begun: this.#begun, names: { key: [...key], user: [...user], instance: [...instance] }, levels };
  }

  /** Adds what an earlier process has counted. */
  restore({ begun, names, levels }: KeptUsage): void {
    const now = this.#clock.now();
    this.#begun = Math.min(this.#begun, begun);
    for (const kind of USAGE_GROUPS) {
      for (const [id, name] of names[kind]) if (!this.#names[kind].has(id)) this.#names[kind].set(id, name);
    }
    for (const { seconds, completeSince, cells } of levels) {
      const level = this.#levels.find(({ shape }) => shape.seconds === seconds);
      level?.restoreCompleteSince(completeSince);
      for (const cell of cells) level?.restore(cell, now);
    }
  }

  #emptySum(by: UsageGroup, id: string | null, { account }: UsageParties): UsageSum {
    const owner = by === 'key' && account !== null ? { id: account, name: this.#names.user.get(account) ?? '' } : null;
    const name = id === null ? null : (this.#names[by].get(id) ?? null);
    return { id, name, account: owner, requests: 0, refused: 0, failed: 0, tokensIn: 0, tokensOut: 0, last: 0 };
  }
}

function byTokens(one: UsageSum, other: UsageSum): number {
  return other.tokensIn + other.tokensOut - one.tokensIn - one.tokensOut || other.requests - one.requests;
}
