import type { Amounts } from './capacity.ts';

/** The limits on the instances that run together. */
export interface SlotLimits {
  /** Amounts that all holders together may occupy. A resource without an entry has no limit. */
  capacity: Amounts;
  /**
   * Exclusive groups. A member runs beside an instance of another group, or of none, only if one of the two is pinned.
   */
  exclusiveGroups: ReadonlySet<string>;
}

/** The facts that decide whether an instance may have a slot. */
export interface Contender {
  /** Id of the instance. */
  instance: string;
  /** Group of the instance; `null` or a group that is not configured: no group. */
  group: string | null;
  /** Whether the instance or its group is pinned. A pinned instance is never evicted. */
  isPinned: boolean;
  /** Amounts that the instance occupies while it has a slot. */
  demand: Amounts;
  /** Demands of which any will do, the best first, such as the memory of one GPU or another; absent: only `demand`. */
  places?: readonly Amounts[];
}

/** An instance with a slot. */
export interface Holder extends Contender {
  /** `leaving`: the instance is stopping, and keeps its slot until its process is gone. */
  phase: 'starting' | 'running' | 'leaving';
  leases: number;
  /** Whether the instance grants no new leases, because the last plan closed it. */
  isClosed: boolean;
  /** The run has ended and has no slot, but the memory that it held is not free yet. */
  isRemnant?: true;
  /**
   * When the instance's last lease ended, or when it became ready. In `Clock.elapsed` time, like all times in this
   * file.
   */
  lastUsed: number;
}

/** An ended run whose memory is not free yet. Pinned, it excludes no group; leaving, it is in no instance's way for ever. */
export function remnantHolder(instance: string, demand: Amounts): Holder {
  return {
    instance,
    demand,
    group: null,
    isPinned: true,
    phase: 'leaving',
    leases: 0,
    isClosed: false,
    lastUsed: 0,
    isRemnant: true,
  };
}

/** An instance that waits for a slot. */
export interface Waiter extends Contender {
  /** When the instance began to wait. */
  since: number;
  /** Whether other instances may be evicted for this one. */
  mayEvict: boolean;
}

/** The actions for this turn. They name instances by id. */
export interface SlotPlan {
  grant: readonly string[];
  /** Index of the demand that a granted instance gets, of its `places`; without an entry: the first. */
  places: ReadonlyMap<string, number>;
  /** Unused instances to stop, each with the waiter that needs its slot. */
  evict: ReadonlyMap<string, string>;
  /**
   * Instances in use whose slot another instance has awaited too long. They grant no new leases, and are evicted when
   * their open leases end.
   */
  close: readonly string[];
  /** Waiters that can get no slot, because everything in their way is pinned. */
  hopeless: readonly string[];
  /** When to plan again if nothing changes; `null`: not needed. */
  lookAgainAt: number | null;
}

/** Gets the verdicts of a plan with their reasons. */
export interface PlanWitness {
  /**
   * @param need The amounts to free before the waiter can get a slot; `null`: the waiter kept its slot for a restart.
   */
  judged(waiter: Waiter, outcome: 'granted' | 'waits' | 'hopeless', need: Need | null, limits: SlotLimits): void;
  /**
   * Called for a waiter for which others may be stopped.
   *
   * @param holders All holders, including the waiter itself.
   * @param stopped `awaited`: those that must go and cannot yet; `closed` are among them.
   */
  weighed(
    waiter: Waiter,
    need: Need,
    holders: readonly Holder[],
    stopped: { evicted: readonly Holder[]; closed: readonly Holder[]; awaited: readonly Holder[] },
  ): void;
}

/**
 * How long an instance in use keeps granting leases while another waits for its slot. If this were shorter, two models
 * that alternate would be loaded again and again. If it were longer, the other would wait without need.
 */
export const PATIENCE_MS = 10_000;

/**
 * How long an instance stays after its last lease, if it was used while another waited for its slot. By then, a client
 * that sends one request after another has sent the next. An instance that was idle when the other came is evicted at
 * once.
 */
export const LINGER_MS = 100;

/**
 * Decides which instances get a slot and which are evicted. First come, first served: no waiter gets what an earlier
 * one waits for. Waiters that may not evict come after all others. The least recently used instance is evicted first;
 * an instance whose process is loading never is. Evicts or closes an instance only if the waiter would not fit
 * otherwise.
 *
 * @param witness `null`: the reasons are not needed.
 */
export function planSlots(
  limits: SlotLimits,
  held: readonly Holder[],
  waiting: readonly Waiter[],
  now: number,
  witness: PlanWitness | null = null,
): SlotPlan {
  const holders: Holder[] = [...held];
  const plan = {
    grant: [] as string[],
    places: new Map<string, number>(),
    evict: new Map<string, string>(),
    close: [] as string[],
    hopeless: [] as string[],
  };
  let lookAgainAt: number | null = null;

  const lookAgain = (at: number): void => {
    lookAgainAt = Math.min(lookAgainAt ?? at, at);
  };

  for (const asked of inTurn(waiting, held)) {
    const own = slotOf(asked, holders);
    const { waiter, need, place } = bestPlace(limits, holders, asked, own);
    const isFree = isMet(need);
    const movable = holders.filter((holder) => !isFixed(holder));
    if (!isFree && !isMet(without(need, movable))) {
      plan.hopeless.push(waiter.instance);
      witness?.judged(waiter, 'hopeless', need, limits);
      continue;
    }
    witness?.judged(waiter, isFree ? 'granted' : 'waits', need, limits);
    if (isFree) {
      plan.grant.push(waiter.instance);
      if (place > 0) plan.places.set(waiter.instance, place);
    } else if (!waiter.mayEvict) continue;
    const stops = isFree ? [] : fewestStops(need, holders);
    if (own !== undefined) holders.splice(holders.indexOf(own), 1);
    // For later waiters, the demand of this one counts as occupied, even before its slot is granted.
    holders.push({ ...waiter, phase: 'starting', leases: 0, isClosed: false, lastUsed: now });
    const evicted = stops.filter((holder) => isIdle(holder) && staysUntil(holder, waiter) <= now);
    const awaited = stops.filter((holder) => !evicted.includes(holder));
    const patienceEnds = waiter.since + PATIENCE_MS;
    const closed = now < patienceEnds ? [] : awaited.filter(isBusy);
    witness?.weighed(waiter, need, holders, { evicted, closed, awaited });
    for (const victim of evicted) {
      plan.evict.set(victim.instance, waiter.instance);
      holders.splice(holders.indexOf(victim), 1, { ...victim, phase: 'leaving' });
    }
    for (const victim of closed) plan.close.push(victim.instance);
    if (awaited.length === 0) continue;
    for (const holder of awaited.filter(isIdle)) lookAgain(staysUntil(holder, waiter));
    if (now < patienceEnds) lookAgain(patienceEnds);
  }
  return { ...plan, close: [...new Set(plan.close)], lookAgainAt };
}

/** The amounts and the exclusion that keep a waiter from having a slot. */
export interface Need {
  /** Amounts that holders must free; a negative amount is more than enough. */
  missing: Amounts;
  /** Holders that may not run beside the waiter. */
  strangers: readonly Holder[];
}

/** @param own What the waiter holds already, and keeps; `undefined`: nothing */
function needOf(
  { capacity, exclusiveGroups }: SlotLimits,
  holders: readonly Holder[],
  waiter: Contender,
  own: Holder | undefined,
): Need {
  const missing = new Map<string, number>();
  const others = holders.filter((holder) => holder !== own);
  for (const [resource, amount] of waiter.demand) {
    const limit = capacity.get(resource);
    if (limit === undefined || amount <= (own?.demand.get(resource) ?? 0)) continue;
    const occupied = others.reduce((sum, { demand }) => sum + (demand.get(resource) ?? 0), 0);
    if (occupied + amount > limit) missing.set(resource, occupied + amount - limit);
  }
  const strangers = own === undefined ? others.filter((holder) => excludes(exclusiveGroups, holder, waiter)) : [];
  return { missing, strangers };
}

/** A waiter with the demand of one of its places. */
interface PlacedWaiter {
  waiter: Waiter;
  need: Need;
  place: number;
}

/**
 * Places a waiter: where it gets a slot at once, else where it has to wait for the fewest instances in use, and of these places where
 * the fewest stop. Those that leave already do not count, so the place stays the same while the instances that were stopped for it leave.
 */
function bestPlace(
  limits: SlotLimits,
  holders: readonly Holder[],
  asked: Waiter,
  own: Holder | undefined,
): PlacedWaiter {
  const placed = (demand: Amounts, place: number): PlacedWaiter => {
    const waiter = { ...asked, demand };
    return { waiter, need: needOf(limits, holders, waiter, own), place };
  };
  const { places = [] } = asked;
  const [first = placed(asked.demand, 0), ...others] = places.map(placed);
  if (others.length === 0) return first;
  const all = [first, ...others];
  const movable = holders.filter((holder) => !isFixed(holder));
  const costOf = ({ need }: PlacedWaiter): number => {
    if (!isMet(without(need, movable))) return Infinity;
    const stops = fewestStops(need, holders);
    return stops.filter((holder) => !isIdle(holder)).length * holders.length + stops.length;
  };
  const free = all.find(({ need }) => isMet(need));
  return free ?? all.reduce((best, other) => (costOf(other) < costOf(best) ? other : best));
}

/** The slot that an instance keeps while it restarts: a slot belongs to an instance, not to a run. Its memory does not. */
function slotOf({ instance }: Contender, holders: readonly Holder[]): Holder | undefined {
  return holders.find((holder) => holder.instance === instance && holder.isRemnant !== true);
}

function isMet({ missing, strangers }: Need): boolean {
  return strangers.length === 0 && missing.values().every((amount) => amount <= 0);
}

/** The need that is left when the holders are gone. */
function without({ missing, strangers }: Need, gone: readonly Holder[]): Need {
  const freed = (resource: string): number => gone.reduce((sum, { demand }) => sum + (demand.get(resource) ?? 0), 0);
  const absent = new Set(gone);
  return {
    missing: new Map([...missing].map(([resource, amount]) => [resource, amount - freed(resource)])),
    strangers: strangers.filter((stranger) => !absent.has(stranger)),
  };
}

/**
 * The holders to stop or to wait for, so that the need is met. Assumes that holders that are leaving will go. None of
 * the result can be left out. Prefers idle ones, then closed ones, then the least recently used.
 */
function fewestStops(need: Need, holders: readonly Holder[]): Holder[] {
  const leaving = holders.filter(({ phase }) => phase === 'leaving');
  const { missing, strangers } = without(need, leaving);
  const mustGo = new Set(strangers);
  const left = new Map(missing);
  const free = ({ demand }: Holder, sign: 1 | -1): void => {
    for (const [resource, amount] of left) left.set(resource, amount - sign * (demand.get(resource) ?? 0));
  };
  const candidates = holders.filter(({ phase, isPinned }) => phase !== 'leaving' && !isPinned).toSorted(byPreference);
  const enough = candidates.filter((holder) => {
    const isNeeded = left.entries().some(([resource, amount]) => amount > 0 && (holder.demand.get(resource) ?? 0) > 0);
    const isChosen = isNeeded || mustGo.has(holder);
    if (isChosen) free(holder, 1);
    return isChosen;
  });
  // A later choice may free what an earlier one was chosen for.
  const needed = enough.toReversed().filter((holder) => {
    const isSpare = left.entries().every(([resource, amount]) => amount + (holder.demand.get(resource) ?? 0) <= 0);
    if (isSpare && !mustGo.has(holder)) free(holder, -1);
    return !isSpare || mustGo.has(holder);
  });
  return needed.toReversed();
}

/** Whether the two may not run at the same time. */
function excludes(exclusiveGroups: ReadonlySet<string>, one: Contender, other: Contender): boolean {
  if (one.isPinned || other.isPinned || one.group === other.group) return false;
  return [one, other].some(({ group }) => group !== null && exclusiveGroups.has(group));
}

/** Whether a holder is never evicted: it is pinned and not already leaving. */
function isFixed({ isPinned, phase }: Holder): boolean {
  return isPinned && phase !== 'leaving';
}

function isIdle({ phase, leases, isPinned }: Holder): boolean {
  return phase === 'running' && leases === 0 && !isPinned;
}

function isBusy({ phase, leases, isPinned }: Holder): boolean {
  return phase === 'running' && leases > 0 && !isPinned;
}

/** When an idle holder may be evicted for a waiter. */
export function staysUntil({ lastUsed }: Holder, { since }: Waiter): number {
  return lastUsed > since ? Math.min(lastUsed + LINGER_MS, since + PATIENCE_MS) : lastUsed;
}

/**
 * Puts restarts first, because others cannot have the slots that they keep. Then come waiters that may evict, so that no
 * other takes the slot freed for them. Within each kind, the order stays.
 */
function inTurn(waiting: readonly Waiter[], held: readonly Holder[]): Waiter[] {
  const rank = (waiter: Waiter): number => (slotOf(waiter, held) !== undefined ? 0 : waiter.mayEvict ? 1 : 2);
  return waiting.toSorted((one, other) => rank(one) - rank(other));
}

/** Idle instances first, then those in use, then those that load; of each kind the least recently used first. */
function byPreference(one: Holder, other: Holder): number {
  return rankOf(one) - rankOf(other) || one.lastUsed - other.lastUsed;
}

/**
 * Ranks a holder for {@link byPreference}. A closed one precedes other busy ones: each end of a lease makes it the most
 * recently used one, and the choice must stay the same.
 */
function rankOf(holder: Holder): number {
  if (isIdle(holder)) return 0;
  if (!isBusy(holder)) return 3;
  return holder.isClosed ? 1 : 2;
}
