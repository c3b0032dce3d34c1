/** How many instances may have a run at once, and which not together. */
export interface SlotLimits {
  /** Of all; 0: no limit. */
  maxRunning: number;
  groups: ReadonlyMap<string, GroupLimits>;
}

export interface GroupLimits {
  /** Of the group; 0: no limit. */
  maxRunning: number;
  /** Members run with nobody outside of the group but pinned instances. */
  exclusive: boolean;
}

/** What decides whether an instance may have a slot. */
export interface Contender {
  /** Its id. */
  instance: string;
  /** Its group; `null`, or one that is not configured: none. */
  group: string | null;
  /** It, or its group, is never stopped to make room. */
  isPinned: boolean;
}

/** An instance with a slot. */
export interface Holder extends Contender {
  /** `leaving`: it has been asked to stop, and has the slot until its process is gone. */
  phase: 'starting' | 'running' | 'leaving';
  leases: number;
  /** When its last lease ended, or it became ready; of `Clock.elapsed`, as all moments here. */
  lastUsed: number;
}

/** An instance that wants one. */
export interface Waiter extends Contender {
  /** When it came. */
  since: number;
  /** Others may be stopped for it. */
  mayEvict: boolean;
}

/** What to do now. */
export interface SlotPlan {
  grant: readonly string[];
  /** Without leases: to be stopped. */
  evict: readonly string[];
  /** With leases, for which somebody waits too long: they get no new ones, and are evicted when those they have end. */
  close: readonly string[];
  /** Waiters for whom nobody can ever make room: all that stands in their way is pinned. */
  hopeless: readonly string[];
  /** When to look again if nothing changes; `null`: no need. */
  lookAgainAt: number | null;
}

/**
 * So long those who use an instance may go on to do so while somebody waits for its slot: shorter, and two models that
 * take turns would be loaded again and again; longer, and the other one waits without need.
 */
export const PATIENCE_MS = 10_000;

/**
 * So long one stays that was used while somebody waited for its slot: whoever uses it one request after the other has
 * sent the next one by then. Who was idle when the other came makes room at once.
 */
export const LINGER_MS = 100;

/**
 * Decides who gets a slot, and who has to make room. First come, first served: nobody is granted what an earlier one waits
 * for; but those for whom nobody may be stopped take only what all others leave. Of those who can make room the least
 * recently used does, and nobody whose process is loading.
 */
export function planSlots(
  limits: SlotLimits,
  held: readonly Holder[],
  waiting: readonly Waiter[],
  now: number,
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
      continue;
    }
    const needs = needsOf(limits, holders, waiter);
    if (needs.some(({ among, count }) => among.filter((holder) => !isFixed(holder)).length < count)) {
      plan.hopeless.push(waiter.instance);
      continue;
    }
    if (needs.length === 0) plan.grant.push(waiter.instance);
    else if (!waiter.mayEvict) continue;
    // Whoever comes later finds the place taken, whether it has it yet or not.
    holders.push({ ...waiter, phase: 'starting', leases: 0, lastUsed: now });
    const patienceEnds = waiter.since + PATIENCE_MS;
    for (const { among: stale, count } of needs) {
      // A victim of the need before may serve this one too.
      const among = holders.filter(({ instance }) => stale.some((holder) => holder.instance === instance));
      const missing = count - among.filter(({ phase }) => phase === 'leaving').length;
      const idle = among.filter(isIdle).toSorted(byLastUse);
      const leaving = idle.filter((holder) => staysUntil(holder, waiter) <= now).slice(0, Math.max(0, missing));
      for (const victim of leaving) {
        plan.evict.push(victim.instance);
        holders.splice(holders.indexOf(victim), 1, { ...victim, phase: 'leaving' });
      }
      const stillMissing = missing - leaving.length;
      if (stillMissing <= 0) continue;
      for (const holder of idle) if (!leaving.includes(holder)) lookAgain(staysUntil(holder, waiter));
      if (now < patienceEnds) {
        lookAgain(patienceEnds);
        continue;
      }
      const busy = among.filter((holder) => holder.phase === 'running' && holder.leases > 0 && !holder.isPinned);
      for (const victim of busy.toSorted(byLastUse).slice(0, stillMissing)) plan.close.push(victim.instance);
    }
  }
  return { ...plan, close: [...new Set(plan.close)], lookAgainAt };
}

/** So many of these have to be gone before a waiter can have a slot. */
interface Need {
  among: readonly Holder[];
  count: number;
}

function needsOf(limits: SlotLimits, holders: readonly Holder[], waiter: Contender): Need[] {
  const needs: Need[] = [];
  const strangers = holders.filter((holder) => excludes(limits, holder, waiter));
  if (strangers.length > 0) needs.push({ among: strangers, count: strangers.length });
  const group = groupOf(limits, waiter);
  if (group !== null && group.maxRunning > 0) {
    const members = holders.filter((holder) => holder.group === waiter.group);
    const count = members.length + 1 - group.maxRunning;
    if (count > 0) needs.push({ among: members, count });
  }
  if (limits.maxRunning > 0) {
    const count = holders.length + 1 - limits.maxRunning;
    if (count > 0) needs.push({ among: holders, count });
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

/** Never makes room by itself. */
function isFixed({ isPinned, phase }: Holder): boolean {
  return isPinned && phase !== 'leaving';
}

function isIdle({ phase, leases, isPinned }: Holder): boolean {
  return phase === 'running' && leases === 0 && !isPinned;
}

/** When somebody idle makes room for a waiter. */
function staysUntil({ lastUsed }: Holder, { since }: Waiter): number {
  return lastUsed > since ? Math.min(lastUsed + LINGER_MS, since + PATIENCE_MS) : lastUsed;
}

/** Who may have others stopped first, each in the order of coming: nobody takes the room that was made for another. */
function inTurn(waiting: readonly Waiter[]): Waiter[] {
  return [...waiting.filter(({ mayEvict }) => mayEvict), ...waiting.filter(({ mayEvict }) => !mayEvict)];
}

function byLastUse(one: Holder, other: Holder): number {
  return one.lastUsed - other.lastUsed;
}
