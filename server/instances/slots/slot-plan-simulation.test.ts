import { expect, it } from 'vitest';
import { isLong } from '../../../scripts/test-tier.ts';
import type { Amounts } from './capacity.ts';
import { planSlots, type Holder, type SlotLimits, type Waiter } from './slot-plan.ts';

/** A long history of instances of random sizes on four devices, each step planned as the scheduler does it. */

const DEVICES = ['memory ram', 'memory nvidia:0', 'memory nvidia:1', 'memory nvidia:2'];
const INSTANCES = 200;
const EVENTS = isLong ? 100_000 : 20_000;
/** Milliseconds between two events. */
const STEP_MS = 50;
/** Most instances that wait at a time. */
const MOST_WAITING = 12;

/** Random numbers from 0 to 1, always the same (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Machine {
  readonly holders = new Map<string, Holder>();
  queue: Waiter[] = [];
  now = 0;
  longestWait = 0;
  granted = 0;
  evicted = 0;
  restarted = 0;
  /** Grants of another place than the first. */
  movedOn = 0;
  readonly #random: () => number;
  /** Demands of each instance, of which any will do. */
  readonly #demands: readonly (readonly [Amounts, ...Amounts[]])[];
  readonly #limits: SlotLimits = {
    capacity: new Map(DEVICES.map((device, index) => [device, 64 + 16 * index])),
    exclusiveGroups: new Set(),
  };

  constructor(random: () => number) {
    this.#random = random;
    const [ram = '', ...gpus] = DEVICES;
    this.#demands = Array.from({ length: INSTANCES }, () => {
      const size = (): number => 1 + this.#below(random() < 0.1 ? 60 : 20);
      // Some RAM, and some GPUs: any one, or a part of each.
      const used = DEVICES.filter((device) => device === ram || random() < 0.4);
      const whole = new Map(used.map((device) => [device, size()]));
      const [own, onOne] = [size(), size()];
      const isPlaced = random() < 0.5;
      const [first, ...others] = isPlaced
        ? gpus.map((gpu) => new Map([[ram, own] as const, [gpu, onOne] as const]))
        : [];
      return first === undefined ? [whole] : [first, ...others];
    });
  }

  /** One random event, and the plan that follows. */
  step(mayRequest: boolean): void {
    this.now += STEP_MS;
    const chance = this.#random();
    const running = [...this.holders.values()].filter(({ phase }) => phase === 'running');
    const idle = running.filter(({ leases }) => leases === 0);
    if (mayRequest && chance < 0.3 && this.queue.length < MOST_WAITING) this.#request(this.#below(INSTANCES));
    else if (mayRequest && chance < 0.32) this.#restart(idle[this.#below(idle.length)]);
    else if (mayRequest && chance < 0.6) this.#lease(running[this.#below(running.length)]);
    else for (const holder of running) if (this.#random() < 0.3) this.#release(holder);
    for (const holder of this.holders.values()) {
      const isWaiting = this.queue.some(({ instance }) => instance === holder.instance);
      if (holder.phase === 'starting' && !isWaiting && this.#random() < 0.5)
        this.#set(holder, { phase: 'running', lastUsed: this.now });
      if (holder.phase === 'leaving' && this.#random() < 0.5) this.holders.delete(holder.instance);
    }
    this.#plan();
  }

  /** Devices that are used beyond their capacity. */
  get exceeded(): string[] {
    return DEVICES.filter((device) => this.#used(device) > (this.#limits.capacity.get(device) ?? 0));
  }

  #request(index: number): void {
    const instance = `i${index}`;
    if (this.holders.has(instance) || this.queue.some((waiter) => waiter.instance === instance)) return;
    this.queue.push({
      instance,
      group: null,
      isPinned: false,
      ...this.#wishOf(index),
      since: this.now,
      mayEvict: true,
    });
  }

  #wishOf(index: number): Pick<Waiter, 'demand' | 'places'> {
    const places = this.#demands[index] ?? [new Map()];
    return { demand: places[0], places };
  }

  /** An idle instance gets other settings. It keeps its slot, but no memory until its request is granted. */
  #restart(holder: Holder | undefined): void {
    if (holder === undefined) return;
    const wish = this.#wishOf(this.#below(INSTANCES));
    this.#set(holder, { phase: 'starting', demand: new Map() });
    this.restarted += 1;
    this.queue.push({ ...holder, ...wish, since: this.now, mayEvict: true });
  }

  #lease(holder: Holder | undefined): void {
    if (holder !== undefined && !holder.isClosed) this.#set(holder, { leases: holder.leases + 1 });
  }

  #release(holder: Holder): void {
    if (holder.leases > 0) this.#set(holder, { leases: holder.leases - 1, lastUsed: this.now });
  }

  #plan(): void {
    const { grant, places, evict, close, hopeless } = planSlots(
      this.#limits,
      [...this.holders.values()],
      this.queue,
      this.now,
    );
    if (hopeless.length > 0) throw new Error(`${hopeless[0]} cannot run, although each fits alone`);
    for (const instance of evict.keys()) {
      const holder = this.holders.get(instance);
      if (holder?.phase !== 'running' || holder.leases > 0) throw new Error(`${instance} is stopped while it is used`);
      this.evicted += 1;
      this.#set(holder, { phase: 'leaving' });
    }
    for (const holder of this.holders.values()) this.#set(holder, { isClosed: close.includes(holder.instance) });
    const next = this.queue.find(({ instance }) => instance === grant[0]);
    if (next === undefined) return;
    this.queue = this.queue.filter((waiter) => waiter !== next);
    this.granted += 1;
    this.longestWait = Math.max(this.longestWait, this.now - next.since);
    const place = places.get(next.instance) ?? 0;
    if (place > 0) this.movedOn += 1;
    const demand = next.places?.[place] ?? next.demand;
    this.holders.set(next.instance, {
      ...next,
      demand,
      phase: 'starting',
      leases: 0,
      isClosed: false,
      lastUsed: this.now,
    });
  }

  #set(holder: Holder, change: Partial<Holder>): void {
    const present = this.holders.get(holder.instance);
    if (present !== undefined) this.holders.set(holder.instance, { ...present, ...change });
  }

  #used(device: string): number {
    return this.holders.values().reduce((sum, { demand }) => sum + (demand.get(device) ?? 0), 0);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

it('exceeds no device, stops none in use and lets none wait long, in a long history', () => {
  const machine = new Machine(randomFrom(11));
  for (let event = 0; event < EVENTS; event += 1) {
    machine.step(true);
    if (machine.exceeded.length > 0) throw new Error(`${machine.exceeded.join()} is exceeded after event ${event}`);
  }
  expect(Math.min(machine.granted, machine.evicted)).toBeGreaterThan(EVENTS / 20);
  expect(machine.restarted).toBeGreaterThan(EVENTS / 200);
  expect(machine.movedOn).toBeGreaterThan(EVENTS / 1_000);
  // Each of at most twelve before it waits ten seconds for leases, then a second for an end and a start.
  expect(machine.longestWait).toBeLessThan(MOST_WAITING * 11_000);
  for (let event = 0; event < 1_000 && machine.queue.length > 0; event += 1) machine.step(false);
  expect(machine.queue).toEqual([]);
});
