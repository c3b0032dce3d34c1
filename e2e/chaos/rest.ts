import { setTimeout as pause } from 'node:timers/promises';
import { type Instance, InstanceListSchema, InstanceSchema } from '@llamactl/contract/instance';
import { RequestsSchema } from '@llamactl/contract/requests';
import type { Api, ApiCall } from './api.ts';
import type { Asks } from './asks.ts';
import { MOST_RUNNING, type Name, NAMES, type Role } from './cast.ts';
import { connections, type Connection } from './connections.ts';
import type { EventChain } from './event-chain.ts';
import type { Faults } from './faults.ts';
import type { Mischief } from './mischief.ts';
import type { Rest } from './plan.ts';
import { runsOf } from './process-rules.ts';
import type { Stage } from './stage.ts';
import { readStored, type StoredWorld } from './stored.ts';
import type { Writes } from './writes.ts';

interface RestsParts {
  stage: Stage;
  api: Api;
  asks: Asks;
  writes: Writes;
  mischief: Mischief;
  chain: EventChain;
  roles: Record<Name, Role>;
  faults: Faults;
}

/** What was seen at one moment, more or less. */
interface View {
  instances: Instance[];
  stored: StoredWorld;
  inFlight: number;
}

/** Longer than everything takes that goes on by itself: backoffs, engines that ignore SIGTERM, loading. */
const PATIENCE_MS = 40_000;
/** The same with a hanging engine that llamactl must detect. */
const LONG_PATIENCE_MS = 90_000;
const PACE_MS = 40;
/** Most idle connections to an engine. */
const MOST_KEPT = 2;
const SETTLED = new Set(['stopped', 'running', 'failed']);
/** Seconds that a stop could wait for leases, if there were any, and within which it is over as there are none. */
const DRAIN = 120;

/** Looks whether everything is as it has to be when nothing is done any more. */
export class Rests {
  readonly #with: RestsParts;
  count = 0;
  /** Spent with it. */
  milliseconds = 0;

  constructor(parts: RestsParts) {
    this.#with = parts;
  }

  /** Everything that was begun has ended by now. */
  async take(rest: Omit<Rest, 'kind'>): Promise<void> {
    const begun = performance.now();
    this.count += 1;
    await this.#take(rest);
    this.milliseconds += performance.now() - begun;
  }

  async #take(rest: Omit<Rest, 'kind'>): Promise<void> {
    const { asks } = this.#with;
    const view = await this.#settle(rest.wakes ? PATIENCE_MS : LONG_PATIENCE_MS, () => []);
    if (view === null) return;
    for (const { name, status } of view.instances) if (status === 'running') await asks.askAtRest(name as Name);
    if (rest.isLong) await this.#settle(PATIENCE_MS, idleProblems(this.#with.roles));
    if (rest.promise !== null) await this.#keepsPromise(rest.promise);
  }

  /** Stops all with a lot of time to drain: a leaked lease would use it up. */
  async stopAll(): Promise<void> {
    const { api, faults } = this.#with;
    const stop = { method: 'POST', body: { timeout: DRAIN } } as const;
    const names = (await this.#get('/api/instances', InstanceListSchema))?.instances.map(({ name }) => name) ?? [];
    await Promise.all(names.map((name) => api.call({ ...stop, path: `/api/instances/${name}/stop` }, 'last stop')));
    const stopped = ({ instances }: View): string[] =>
      instances.filter(({ status }) => status === 'running').map(({ name }) => `${name} runs`);
    if ((await this.#settle(PATIENCE_MS, stopped)) === null) {
      faults.add('a lease that was not given back', 'or else the stops would have come to an end');
    }
    const left = this.#with.stage.table.look().filter(({ tag }) => tag !== null);
    if (left.length > 0) faults.add('no rest', `left behind: ${JSON.stringify(left)}`);
  }

  /** @returns what was seen when nothing was wrong any more; `null`: something still is, and was reported */
  async #settle(patienceMs: number, more: (view: View) => string[]): Promise<View | null> {
    const end = performance.now() + patienceMs;
    for (;;) {
      const view = await this.#look();
      const problems = typeof view === 'string' ? [view] : [...(await this.#problems(view)), ...more(view)];
      if (typeof view !== 'string' && problems.length === 0) return view;
      if (performance.now() > end || this.#with.faults.first !== null) {
        this.#with.faults.add('no rest', problems.join('\n'));
        return null;
      }
      await pause(PACE_MS);
    }
  }

  async #look(): Promise<View | string> {
    const list = await this.#get('/api/instances', InstanceListSchema);
    const instances = await Promise.all(
      (list?.instances ?? []).map(({ name }) => this.#get(`/api/instances/${name}`, InstanceSchema)),
    );
    const requests = await this.#get('/api/requests', RequestsSchema);
    if (list === null || requests === null || !instances.every((each) => each !== null)) return 'no answer';
    try {
      const stored = readStored(this.#with.stage.folder);
      return { instances, stored, inFlight: requests.in_flight.length };
    } catch (error) {
      return String(error);
    }
  }

  async #problems({ instances, stored, inFlight }: View): Promise<string[]> {
    const { chain, stage, writes } = this.#with;
    const running = instances.filter(({ status }) => status === 'running');
    // A start whose requests have all left causes no eviction.
    const isQueued = ({ status, pid }: Instance): boolean =>
      status === 'starting' && pid === null && running.length >= MOST_RUNNING;
    const moving = instances.filter((instance) => !SETTLED.has(instance.status) && !isQueued(instance));
    // Before that, no other check is possible.
    if (moving.length > 0) return moving.map(({ name, status, reason }) => `${name} is ${status} (${reason})`);
    const byEvents = chain.shownByEvents(instances);
    const shown = instances.map(({ name, status }) => `${name} ${status}`).toSorted();
    const ports = instances.map(({ port }) => port);
    const aliases = new Map(instances.map(({ name, aliases }) => [name, aliases]));
    return [
      ...difference('events', byEvents, 'the API', shown),
      ...difference('the API', summaries(instances), 'the database', summaries(stored.instances)),
      ...(new Set(ports).size < ports.length ? [`a port is taken twice: ${ports.join(' ')}`] : []),
      ...chain.differences(stored.seqs),
      ...(inFlight > 0 ? [`${inFlight} requests are in flight, and no caller waits`] : []),
      ...this.#problemsOfProcesses(instances, stored),
      ...writes.problems(aliases),
      ...(await writes.problemsOfFile()),
      ...(stage.serving() === null ? ['no process serves'] : []),
    ];
  }

  #problemsOfProcesses(instances: readonly Instance[], stored: StoredWorld): string[] {
    const runs = runsOf(this.#with.stage.table.look());
    const problems: string[] = [];
    const known = new Set<string>();
    const sockets = connections();
    for (const { name, status, pid, port } of instances) {
      const id = stored.instances.find((each) => each.name === name)?.id ?? '';
      known.add(id);
      const its = [...runs.values()].filter(([first]) => first?.instance === id);
      if (status !== 'running') {
        if (its.length > 0) problems.push(`${name} is ${status}, and there is ${JSON.stringify(its)}`);
        if (pid !== null) problems.push(`${name} is ${status} with the pid ${pid}`);
        continue;
      }
      if (its.length !== 1 || !its.flat().some((each) => each.pid === pid)) {
        problems.push(`${name} runs as ${pid}, and there is ${JSON.stringify(its)}`);
      }
      problems.push(...socketProblems(name, port, sockets));
    }
    const strays = [...runs.values()].flat().filter(({ instance }) => !known.has(instance));
    return strays.length === 0 ? problems : [...problems, `belongs to no instance: ${JSON.stringify(strays)}`];
  }

  /** A command that was acknowledged is carried out, though the server is killed in the moment of its answer. */
  async #keepsPromise({ name, command }: NonNullable<Rest['promise']>): Promise<void> {
    const { api, mischief, roles, faults } = this.#with;
    const reply = await api.call({ method: 'POST', path: `/api/instances/${name}/${command}` }, 'promise');
    await mischief.server({ how: 'kill', milliseconds: 0 });
    const isAccepted = reply.end === 'answered' && reply.status === 200;
    // A start by a command may evict others, so it does not stay queued. It is checked before it does.
    const queued = ({ instances }: View): string[] =>
      instances
        .filter((instance) => isAccepted && instance.name === name && instance.status === 'starting')
        .map(() => `${name} waits for its slot`);
    const view = await this.#settle(PATIENCE_MS, queued);
    const status = view?.instances.find((instance) => instance.name === name)?.status;
    if (!isAccepted || status === undefined) return;
    const isIdle = roles[name].settings.idle_timeout !== undefined;
    const allowed =
      command === 'stop'
        ? ['stopped']
        : [...(isIdle ? ['stopped'] : []), roles[name].isHopeless ? 'failed' : 'running'];
    if (!allowed.includes(status)) faults.add('a promise that was not kept', `${command} ${name}: it is ${status}`);
  }

  async #get<Body>(path: string, schema: { parse(body: unknown): Body }): Promise<Body | null> {
    const request: ApiCall = { method: 'GET', path };
    const reply = await this.#with.api.call(request, 'look');
    if (reply.end !== 'answered' || reply.status !== 200) return null;
    return schema.parse(reply.body);
  }
}

function idleProblems(roles: Record<Name, Role>): (view: View) => string[] {
  const idle = new Set<string>(NAMES.filter((name) => roles[name].settings.idle_timeout !== undefined));
  return ({ instances }) =>
    instances
      .filter(({ name, status }) => status === 'running' && idle.has(name))
      .map(({ name }) => `${name} runs, and is not used`);
}

interface Summary {
  name: string;
  status: string;
  port: number;
  pid: number | null;
  aliases: readonly string[];
}

function summaries(instances: readonly Summary[]): string[] {
  return instances
    .map(({ name, status, port, pid, aliases }) => JSON.stringify({ name, status, port, pid, aliases }))
    .toSorted();
}

function difference(one: string, ones: readonly string[], other: string, others: readonly string[]): string[] {
  const [left, right] = [ones.join(', '), others.join(', ')];
  return left === right ? [] : [`${one}: ${left}; ${other}: ${right}`];
}

function socketProblems(name: string, port: number, sockets: readonly Connection[]): string[] {
  const count = sockets.filter((each) => each.remotePort === port).length;
  return count > MOST_KEPT ? [`${count} connections to ${name}, and no request is in flight`] : [];
}
