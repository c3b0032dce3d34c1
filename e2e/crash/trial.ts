import { setTimeout as pause } from 'node:timers/promises';
import type { Frame } from '@llamactl/contract/events';
import { expect, vi } from 'vitest';
import { LiveEvents } from '../live-events.ts';
import type { ServerProcess } from '../server-process.ts';
import { alertsOf, brokenHistory, differences, historyOf, instanceOf, instancesOf, surplus } from './aftermath.ts';
import { create, Refused, type IsDurable, type Scenario, type World } from './scenarios.ts';
import { CrashSite } from './site.ts';

const PATIENCE = { timeout: 20_000, interval: 40 };
/** Time without activity after which a server has finished its work. */
const QUIET_MS = 150;

/** A server that was killed at a point, or when all was done, and the one that followed. */
export interface Trial {
  /** All points that the first one passed; where it died is the last, unless all was done. */
  points: string[];
  /** What happened to each instance of the scenario, over both servers. */
  histories: ReadonlyMap<string, readonly string[]>;
  /** What is not as it should be. */
  faults: string[];
}

/** What is known of a life without a death. */
export type Undisturbed = Pick<Trial, 'histories'>;

const ALL_IS_DURABLE: IsDurable = () => true;

/** One scenario again and again on one data directory, on which servers die one after the other. */
export class Trials {
  readonly #scenario: Scenario;
  readonly #site: CrashSite;
  /** The server that followed the last one is there, and can be armed. */
  #isUp = false;

  private constructor(scenario: Scenario, site: CrashSite) {
    this.#scenario = scenario;
    this.#site = site;
  }

  static async of(scenario: Scenario): Promise<Trials> {
    return new Trials(scenario, await CrashSite.create(scenario.slots));
  }

  dispose(): Promise<void> {
    return this.#site.dispose();
  }

  get #server(): ServerProcess {
    return this.#site.server;
  }

  /** Instances that only show that there are slots. */
  get #spares(): string[] {
    return Array.from({ length: this.#scenario.slots }, (_, index) => `spare-${index}`);
  }

  /**
   * Lets a server die at a point of the scenario, starts the next, and looks at what it makes of it.
   *
   * @param point From 0; `null`: it dies when all is done.
   * @param next What follows: the program itself, or the server of the next trial, which saves the start of one.
   * @param undisturbed What would have happened; left out: that is to be found out.
   */
  async run(point: number | null, next: 'program' | 'own', undisturbed?: Undisturbed): Promise<Trial> {
    const server = this.#server;
    const scenario = this.#scenario;
    const faults: string[] = [];
    const { isAboutBoot = false } = scenario;
    if (!this.#isUp) await (isAboutBoot ? this.#site.start() : this.#site.startArmable());
    for (const name of this.#spares) if ((await instanceOf(server, name)) === null) await create(server, name);
    const live = new LiveEvents(server.url);
    await live.connect();
    const held = await scenario.prepare(server);
    const before = await this.#pids();
    await this.#heardAll(live);
    const beginning = live.lastSeq;

    const isAnswered = await this.#actUntilDeath(point, before, faults);
    live.disconnect();
    void held;
    const points = await this.#site.points();
    const worlds = worldsAfter(scenario, points);
    const final = scenario.worlds(ALL_IS_DURABLE);
    if (isAnswered && !worlds.some((world) => JSON.stringify([world]) === JSON.stringify(final)))
      faults.push('it was answered before it was stored');

    await (next === 'program' ? this.#site.start() : this.#site.startArmable());
    await this.#comesTo(worlds, before, faults);
    if (scenario.repeat !== undefined) {
      await scenario.repeat(server);
      await this.#comesTo(scenario.worldsOfRepeat?.(worlds) ?? final, before, faults);
    }
    // What comes next would wait for what is not as it should be.
    if (faults.length > 0) return { points, histories: new Map(), faults };
    const replay = new LiveEvents(server.url);
    await replay.connect();
    await this.#heardAll(replay);
    replay.disconnect();
    faults.push(...brokenHistory(replay.frames, live.frames), ...(await alertsOf(server)));
    const histories = new Map(scenario.cast.map((name) => [name, historyOf(replay.frames, name, beginning)]));
    for (const [name, history] of histories) {
      const whole = undisturbed?.histories.get(name);
      if (whole === undefined || isBeginning(history, whole)) continue;
      faults.push(`${name}: ${history.join(', ')}; without a death it is ${whole.join(', ')}`);
    }
    await this.#goesOn(faults);
    await this.#clear();
    this.#isUp = next === 'own';
    if (!this.#isUp) await server.end('SIGKILL');
    return { points, histories, faults };
  }

  /** Returns whether everything was answered. */
  async #actUntilDeath(point: number | null, before: Pids, faults: string[]): Promise<boolean> {
    const site = this.#site;
    const { isAboutBoot = false } = this.#scenario;
    if (isAboutBoot) await this.#scenario.act(this.#server);
    await site.load(point);
    if (!isAboutBoot) await site.arm();
    let isAnswered = false;
    const acting = (isAboutBoot ? site.startArmed() : this.#scenario.act(this.#server)).then(
      () => (isAnswered = true),
      (error: unknown) => {
        // Anything else is what becomes of a request whose server dies.
        if (error instanceof Refused) faults.push(error.message);
      },
    );
    const isOver = async (): Promise<boolean> => {
      const [final] = this.#scenario.worlds(ALL_IS_DURABLE);
      const world = await this.#world(before).catch(() => null);
      return isAnswered && JSON.stringify(world) === JSON.stringify(final);
    };
    const hasHappened = async (): Promise<boolean> => {
      const passed = (await site.points()).length;
      if (point !== null && passed > point) {
        await site.died();
        return true;
      }
      if (!isAnswered || !(await isOver())) return false;
      await pause(QUIET_MS);
      return (await site.points()).length === passed;
    };
    const begun = performance.now();
    while (!(await hasHappened())) {
      if (performance.now() - begun > PATIENCE.timeout) {
        faults.push(`it is not done: ${JSON.stringify(await this.#world(before).catch(String))}`);
        break;
      }
      await pause(10);
    }
    await this.#server.end('SIGKILL');
    await acting;
    return isAnswered;
  }

  /** Waits for one of the worlds, in which everything fits; meanwhile no instance has two engines. */
  async #comesTo(worlds: readonly World[], before: Pids, faults: string[]): Promise<void> {
    const server = this.#server;
    try {
      await vi.waitFor(async () => {
        const many = surplus(await server.processes(), this.#scenario.slots);
        if (many.length > 0) faults.push(...many);
        expect(worlds).toContainEqual(await this.#world(before));
        expect(await differences(server)).toEqual([]);
      }, PATIENCE);
    } catch (error) {
      faults.push(`it did not come to ${JSON.stringify(worlds)}: ${String(error)}`);
    }
  }

  /** Checks that later commands work: all slots can be used, and every instance can start. */
  async #goesOn(faults: string[]): Promise<void> {
    const server = this.#server;
    const { cast, slots } = this.#scenario;
    const present = (await instancesOf(server)).filter(({ name }) => cast.includes(name)).map(({ name }) => name);
    for (const name of [...this.#spares, ...present.slice(0, 1)]) {
      const { status, body } = await server.call('POST', `/api/instances/${name}/start?wait=true`);
      if (status !== 200) faults.push(`${name} does not start: ${JSON.stringify(body)}`);
      faults.push(...surplus(await server.processes(), slots), ...(await differences(server)));
    }
    const engines = (await server.processes()).filter(({ isWrapper }) => !isWrapper).length;
    if (engines !== slots) faults.push(`${engines} engines run when ${slots} should`);
  }

  async #clear(): Promise<void> {
    const server = this.#server;
    const present = await instancesOf(server);
    await Promise.all(
      present.map(async ({ name }) => {
        await server.call('POST', `/api/instances/${name}/stop?wait=true`, { force: true });
        if (this.#scenario.cast.includes(name)) await server.call('DELETE', `/api/instances/${name}`);
      }),
    );
    expect(await server.processes()).toEqual([]);
  }

  async #pids(): Promise<Pids> {
    return new Map((await instancesOf(this.#server)).map(({ name, pid }) => [name, pid]));
  }

  async #world(before: Pids): Promise<World> {
    const standings = this.#scenario.cast.map(async (name) => {
      const instance = await instanceOf(this.#server, name);
      if (instance === null) return [name, 'gone'] as const;
      const { status, pid, options } = instance;
      const whose = pid === null ? '' : pid === before.get(name) ? ' on' : ' new';
      const threads = options['threads'] === 1 ? '' : ` with ${String(options['threads'])} threads`;
      return [name, `${status}${whose}${threads}`] as const;
    });
    return Object.fromEntries(await Promise.all(standings));
  }

  /** Resolves when a listener has heard of how everything stands. */
  async #heardAll(listener: LiveEvents): Promise<void> {
    const shown = (await instancesOf(this.#server)).map(({ name, status }) => `${name} ${status}`).toSorted();
    await vi.waitFor(() => expect(statusesOf(listener.frames)).toEqual(shown), PATIENCE);
  }
}

/**
 * What may come of a death. Changes of one turn share a transaction: what was handed to the store before the last change may
 * be on the disk too.
 */
function worldsAfter(scenario: Scenario, points: readonly string[]): World[] {
  const isThere =
    (moment: 'after' | 'while', passed: readonly string[]): IsDurable =>
    (change) =>
      passed.some((point) => point.startsWith(`${moment} ${change}`));
  const handedOver = points.at(-1)?.startsWith('while ') === true ? points.slice(0, -1) : points;
  return [...scenario.worlds(isThere('after', points)), ...scenario.worlds(isThere('while', handedOver))];
}

/** Process ids before the deed, by name. */
type Pids = ReadonlyMap<string, number | null>;

function statusesOf(frames: readonly Frame[]): string[] {
  const statuses = new Map<string, string>();
  for (const frame of frames) {
    if (frame.type === 'instance_created') statuses.set(frame.data.name, 'stopped');
    if (frame.type === 'instance_status_changed') statuses.set(frame.data.name, frame.data.status);
    if (frame.type === 'instance_deleted') statuses.delete(frame.data.name);
  }
  return [...statuses].map(([name, status]) => `${name} ${status}`).toSorted();
}

function isBeginning(history: readonly string[], whole: readonly string[]): boolean {
  return history.every((each, index) => whole[index] === each) && history.length <= whole.length;
}
