/** How many instances may have a run at once, and which may not run together. */
export interface SlotLimits {
  /** Limit for all instances; 0: no limit. */
  maxRunning: number;
  groups: ReadonlyMap<string, GroupLimits>;
}

export interface GroupLimits {
  /** Limit for the group; 0: no limit. */
  maxRunning: number;
  /** Outside the group, only pinned instances may run beside its members. */
  exclusive: boolean;
}

/** The facts that decide whether an instance may have a slot. */
export interface Contender {
  /** Id of the instance. */
  instance: string;
  /** Group of the instance; `null` or a group that is not configured: no group. */
  group: string | null;
  /** The instance or its group is pinned: it is never evicted. */
  isPinned: boolean;
}

/** An instance with a slot. */
export interface Holder extends Contender {
  /** `leaving`: the instance is stopping, and keeps its slot until its process is gone. */
  phase: 'starting' | 'running' | 'leaving';
  leases: number;
  /** When its last lease ended, or when it became ready. In `Clock.elapsed` time, like all moments in this file. */
  lastUsed: number;
}

/** An instance that waits for a slot. */
export interface Waiter extends Contender {
  /** When it began to wait. */
  since: number;
  /** Other instances may be evicted for it. */
  mayEvict: boolean;
}

/** The actions for this turn. They name instances by id. */
export interface SlotPlan {
  grant: readonly string[];
  /** Unused instances to stop. */
  evict: readonly string[];
  /** Instances with leases whose slot another has awaited too long. They get no new leases, and are evicted when theirs end. */
  close: readonly string[];
  /** Waiters for which no slot can be freed: everything in their way is pinned. */
  hopeless: readonly string[];
  /** When to plan again if nothing changes; `null`: not needed. */
  lookAgainAt: number | null;
}

/** Gets the verdicts of a plan and what they rest on. */
export interface PlanWitness {
  /** @param needs What must end before the waiter can have a slot; empty: nothing. */
  judged(waiter: Waiter, outcome: 'granted' | 'waits' | 'hopeless', needs: readonly Need[]): void;
  /** Called for each need of a waiter for which others may be stopped. @param among Those that could free a slot. */
  weighed(waiter: Waiter, among: readonly Holder[], evicted: readonly Holder[], closed: readonly Holder[]): void;
}

/**
 * How long an instance in use keeps granting leases while another waits for its slot. If shorter, two models that
 * alternate would be loaded again and again; if longer, the other would wait without need.
 */
export const PATIENCE_MS = 10_000;

/**
 * How long an instance that was used while another waited for its slot stays after its last lease. A client that sends one
 * request after another has sent the next by then. An instance that was idle when the other came is evicted at once.
 */
export const LINGER_MS = 100;

/**
 * Decides which instances get a slot and which are evicted. First come, first served: no waiter gets what an earlier one
 * waits for. Waiters that may not evict come after all others. The least recently used instance is evicted first; an
 * instance whose process is loading never is.
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
  const plan = { grant: [] as string[], evict: [] as string[], close: [] as string[], hopeless: [] as string[] };
  let lookAgainAt: number | null = null;

  const lookAgain = (at: number): void => {
    lookAgainAt = Math.min(lookAgainAt ?? at, at);
  };

  for (const waiter of inTurn(waiting)) {
    // A restart: the slot belongs to the instance, not to the run.
    if (holders.some(({ instance }) => instance === waiter.instance)) {
      plan.grant.push(waiter.instance);
      witness?.judged(waiter, 'granted', []);
      continue;
    }
    const needs = needsOf(limits, holders, waiter);
    if (needs.some(({ among, count }) => among.filter((holder) => !isFixed(holder)).length < count)) {
      plan.hopeless.push(waiter.instance);
      witness?.judged(waiter, 'hopeless', needs);
      continue;
    }
    witness?.judged(waiter, needs.length === 0 ? 'granted' : 'waits', needs);
    if (needs.length === 0) plan.grant.push(waiter.instance);
    else if (!waiter.mayEvict) continue;
    // For later waiters the slot counts as taken, even if it is not granted yet.
    holders.push({ ...waiter, phase: 'starting', leases: 0, lastUsed: now });
    const patienceEnds = waiter.since + PATIENCE_MS;
    for (const { among: stale, count } of needs) {
      // An eviction for the previous need may satisfy this one too.
      const among = holders.filter(({ instance }) => stale.some((holder) => holder.instance === instance));
      const missing = count - among.filter(({ phase }) => phase === 'leaving').length;
      const idle = among.filter(isIdle).toSorted(byLastUse);
      const leaving = idle.filter((holder) => staysUntil(holder, waiter) <= now).slice(0, Math.max(0, missing));
      for (const victim of leaving) {
        plan.evict.push(victim.instance);
        holders.splice(holders.indexOf(victim), 1, { ...victim, phase: 'leaving' });
      }
      const stillMissing = missing - leaving.length;
      const isLong = now >= patienceEnds;
      const busy = among.filter((holder) => holder.phase === 'running' && holder.leases > 0 && !holder.isPinned);
      const closed = isLong ? busy.toSorted(byLastUse).slice(0, Math.max(0, stillMissing)) : [];
      for (const victim of closed) plan.close.push(victim.instance);
      witness?.weighed(waiter, among, leaving, closed);
      if (stillMissing <= 0) continue;
      for (const holder of idle) if (!leaving.includes(holder)) lookAgain(staysUntil(holder, waiter));
      if (!isLong) lookAgain(patienceEnds);
    }
  }
  return { ...plan, close: [...new Set(plan.close)], lookAgainAt };
}

/** `count` of the holders `among` must be gone before a waiter can have a slot. */
export interface Need {
  /** The limit that requires it. */
  limit: 'exclusive' | 'group' | 'max_running';
  among: readonly Holder[];
  count: number;
}

function needsOf(limits: SlotLimits, holders: readonly Holder[], waiter: Contender): Need[] {
  const needs: Need[] = [];
  const strangers = holders.filter((holder) => excludes(limits, holder, waiter));
  if (strangers.length > 0) needs.push({ limit: 'exclusive', among: strangers, count: strangers.length });
  const group = groupOf(limits, waiter);
  if (group !== null && group.maxRunning > 0) {
    const members = holders.filter((holder) => holder.group === waiter.group);
    const count = members.length + 1 - group.maxRunning;
    if (count > 0) needs.push({ limit: 'group', among: members, count });
  }
  if (limits.maxRunning > 0) {
    const count = holders.length + 1 - limits.maxRunning;
    if (count > 0) needs.push({ limit: 'max_running', among: holders, count });
  }
  return needs;
}

/** Whether the two may not run at the same time. */
function excludes(limits: SlotLimits, one: Contender, other: Contender): boolean {
  if (one.instance === other.instance || one.isPinned || other.isPinned) return false;
  const [mine, theirs] = [groupOf(limits, one), groupOf(limits, other)];
  if (mine !== null && mine === theirs) return false;
  return (mine?.exclusive ?? false) || (theirs?.exclusive ?? false);
}

function groupOf({ groups }: SlotLimits, { group }: Contender): GroupLimits | null {
  return group === null ? null : (groups.get(group) ?? null);
}

/** Whether a holder is never evicted: it is pinned and not already leaving. */
function isFixed({ isPinned, phase }: Holder): boolean {
  return isPinned && phase !== 'leaving';
}

function isIdle({ phase, leases, isPinned }: Holder): boolean {
  return phase === 'running' && leases === 0 && !isPinned;
}

/** When an idle holder may be evicted for a waiter. */
export function staysUntil({ lastUsed }: Holder, { since }: Waiter): number {
  return lastUsed > since ? Math.min(lastUsed + LINGER_MS, since + PATIENCE_MS) : lastUsed;
}

/** Waiters that may evict come first, so that no other takes the slot freed for them. Both kinds keep their order of arrival. */
function inTurn(waiting: readonly Waiter[]): Waiter[] {
  return [...waiting.filter(({ mayEvict }) => mayEvict), ...waiting.filter(({ mayEvict }) => !mayEvict)];
}

function byLastUse(one: Holder, other: Holder): number {
  return one.lastUsed - other.lastUsed;
}
