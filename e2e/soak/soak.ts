import { readFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import path from 'node:path';
import { Client, LlamactlError } from '@llamactl/client';
import { vi } from 'vitest';
import { ServerProcess } from '../server-process.ts';
import { Accounts } from './accounts.ts';
import {
  type CallerName,
  CALLERS,
  configuration,
  ENVIRONMENT,
  GROUP,
  type InstanceName,
  INSTANCES,
  MOST_RUNNING,
  type Role,
  roles,
} from './cast.ts';
import { Deeds } from './deeds.ts';
import { Call, type Exchange, type Line } from './exchange.ts';
import { collectGarbage, INSPECTOR } from './garbage.ts';
import { History } from './history.ts';
import type { CommandStep, Reaction, RequestStep, Step } from './plan.ts';
import { ProcessWatch } from './process-watch.ts';
import { judge, type Verdict } from './verdict.ts';
import { connectionsTo, openFiles } from './server-figures.ts';

const PATIENCE = { timeout: 20_000, interval: 50 };
/** Interval between two reads of the server's own figures. */
const LOOK_MS = 1_000;

/** Most idle connections to an engine. */
const MOST_KEPT = 2;

/** The instance of this request answers slowly enough to be met in the middle of its answer. */
const FINAL_REQUEST: RequestStep & { after: number } = {
  kind: 'request',
  instance: 'slow',
  caller: 'script',
  isStream: true,
  isLong: false,
  count: 1,
  reaction: null,
  after: 0,
};

/** How much memory the server had when so many requests were over, bytes. */
export interface MemoryPoint {
  seconds: number;
  /** Without engines. */
  resident: number;
  /** In use by JavaScript and its buffers; with what is garbage, if that was not collected before. */
  used: number;
  requests: number;
}

/** A request that is over. Of its answer only what was made of it is kept. */
export type JudgedExchange = Omit<Exchange, 'body'> & { verdict: Verdict };

interface World {
  server: ServerProcess;
  admin: Client;
  lines: Record<CallerName, Line>;
  watch: ProcessWatch;
  roles: Record<InstanceName, Role>;
  /** Of the engines. */
  ports: ReadonlySet<number>;
  /** What the server had open before anybody came. */
  openAtStart: readonly string[];
}

/**
 * The real program with its engines, and all that is done to it and comes of it. Steps are taken one after the other and
 * nothing is waited for: what meets what is up to the machine.
 */
export class Soak {
  readonly #world: World;
  readonly #begun = performance.now();
  readonly #over = new AbortController();
  readonly #pending = new Set<Promise<void>>();
  readonly deeds = new Deeds();
  readonly history = new History();
  readonly accounts: Accounts;
  readonly exchanges: JudgedExchange[] = [];
  /** Every second. */
  readonly memory: MemoryPoint[] = [];
  /** After garbage was collected: when a third of the time was over, and in the end. */
  readonly live: MemoryPoint[] = [];
  /** Ids of requests that an operator was to end. */
  readonly cancelled = new Set<string>();
  /** What went wrong on the way. */
  readonly faults: string[] = [];
  #sent = 0;

  private constructor(world: World) {
    this.#world = world;
    this.accounts = new Accounts(world.admin);
  }

  static async begin(): Promise<Soak> {
    const server = await ServerProcess.create(configuration(), () => ['env', ...ENVIRONMENT, INSPECTOR]);
    try {
      await server.start();
      const openAtStart = openFiles(server.pid);
      // Kept connections would be open at the end.
      const headers = { connection: 'close' };
      const password = (await readFile(path.join(server.dataDirectory, 'admin-password'), 'utf8')).trim();
      const { token } = await new Client({ url: server.url, headers }).login({ username: 'admin', password });
      const admin = new Client({ url: server.url, token, retries: 0, headers });
      const cast = await roles();
      const ports = new Map<number, InstanceName>();
      for (const name of INSTANCES) {
        const { instance } = await admin.createInstance(cast[name].settings);
        ports.set(instance.port, name);
      }
      const lines = Object.fromEntries(
        await Promise.all(CALLERS.map(async (caller) => [caller, await lineOf(caller, admin)] as const)),
      ) as Record<CallerName, Line>;
      const group = {
        members: INSTANCES.filter((name) => cast[name].settings.group === GROUP.name),
        most: GROUP.mostRunning,
      };
      const watch = new ProcessWatch({ home: server.home, byPort: ports, limits: { most: MOST_RUNNING, group } });
      const soak = new Soak({ server, admin, lines, watch, roles: cast, ports: new Set(ports.keys()), openAtStart });
      await soak.#look();
      return soak;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  get server(): ServerProcess {
    return this.#world.server;
  }

  get admin(): Client {
    return this.#world.admin;
  }

  get roles(): Record<InstanceName, Role> {
    return this.#world.roles;
  }

  get watch(): ProcessWatch {
    return this.#world.watch;
  }

  get openAtStart(): readonly string[] {
    return this.#world.openAtStart;
  }

  /** Takes steps until the time is over, and waits until everything that they set in motion has ended. */
  async run(steps: readonly Step[], milliseconds: number): Promise<void> {
    const events = this.#follow();
    this.watch.start();
    const looking = setInterval(() => this.#do(this.#look()), LOOK_MS);
    const begun = performance.now();
    let isWarm = false;
    for (const step of steps) {
      const spent = performance.now() - begun + step.after;
      if (spent >= milliseconds) break;
      if (!isWarm && spent > milliseconds / 3) this.#do(this.#weigh());
      isWarm = spent > milliseconds / 3;
      await new Promise((resolve) => void setTimeout(resolve, step.after));
      this.#take(step);
    }
    clearInterval(looking);
    await this.#settle();
    await this.#finale();
    await vi.waitFor(() => {
      const kept = connectionsTo(this.server.pid, this.#world.ports);
      if (kept > MOST_KEPT * MOST_RUNNING)
        throw new Error(`${kept} connections to engines, and no request is in flight`);
    }, PATIENCE);
    await this.#stopAll();
    await this.#weigh();
    this.watch.stop();
    this.#over.abort();
    await events;
  }

  /** Closes what callers keep open. */
  hangUp(): void {
    for (const { agent } of Object.values(this.#world.lines)) if (agent !== false) agent.destroy();
  }

  async dispose(): Promise<void> {
    this.watch.stop();
    this.hangUp();
    await this.server.dispose();
  }

  async #settle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /**
   * What must happen at least once, and what a slow machine or a seed may have left out: a caller that hangs up, an answer
   * cut by the death of its engine, and a stop of an idle instance.
   */
  async #finale(): Promise<void> {
    for (const act of ['hang up', 'kill the engine'] as const) {
      this.#take({ ...FINAL_REQUEST, reaction: { act, when: { pieces: 3 } } });
      await this.#settle();
    }
    this.#take(FINAL_REQUEST);
    await this.#settle();
    await vi.waitFor(() => {
      if (this.history.count(({ cause }) => cause === 'idle') === 0) throw new Error('no instance was stopped as idle');
    }, PATIENCE);
  }

  #take(step: Step): void {
    if (step.kind === 'request') for (let count = 0; count < step.count; count += 1) this.#do(this.#ask(step));
    else if (step.kind === 'kill') this.#kill(step.instance);
    else this.#do(this.#command(step));
  }

  /** Something that goes on while other steps are taken. */
  #do(work: Promise<void>): void {
    const done = work
      .catch((error: unknown) => void this.faults.push(String(error instanceof Error ? error.stack : error)))
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  async #ask({ instance, caller, isStream, isLong, reaction }: RequestStep): Promise<void> {
    const id = `soak-${(this.#sent += 1)}`;
    let timer: NodeJS.Timeout | undefined;
    const act = (pieces: number): void => {
      if (reaction !== null && 'pieces' in reaction.when && pieces === reaction.when.pieces)
        this.#act(reaction.act, call);
    };
    const call = new Call(this.#world.lines[caller], { id, instance, caller, isStream, isLong }, act);
    if (reaction !== null && 'milliseconds' in reaction.when) {
      timer = setTimeout(() => this.#act(reaction.act, call), reaction.when.milliseconds);
    }
    const exchange = await call.ended;
    const { body: _, ...facts } = exchange;
    this.exchanges.push({ ...facts, verdict: judge(exchange, this.roles[instance].sentence) });
    clearTimeout(timer);
  }

  #act(act: Reaction['act'], call: Call): void {
    const { id, instance } = call.question;
    if (act === 'hang up') call.hangUp();
    else if (act === 'kill the engine') this.#kill(instance);
    else this.#do(this.#cancel(id));
  }

  async #cancel(id: string): Promise<void> {
    this.cancelled.add(id);
    await this.admin.cancelRequest(id).catch((error: unknown) => {
      if (!(error instanceof LlamactlError && error.code === 'NOT_FOUND')) throw error;
    });
  }

  #kill(instance: InstanceName): void {
    const pid = this.watch.engine(instance);
    if (pid === null) return;
    const deed = this.deeds.begin('kill', instance, { force: true });
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
    deed.until = Date.now();
  }

  async #command({ kind, instance, terms }: CommandStep): Promise<void> {
    if (kind === 'kill') return;
    const deed = this.deeds.begin(kind, instance, terms);
    if (kind === 'start') await this.admin.startInstance(instance);
    else if (kind === 'stop') await this.admin.stopInstance(instance, terms);
    else await this.admin.restartInstance(instance, terms);
    deed.until = Date.now();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#over;
    try {
      for await (const frame of this.admin.events({ signal })) {
        if (frame.type === 'gap') this.faults.push(`events are missing: ${JSON.stringify(frame)}`);
        this.history.add(frame);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #look(): Promise<void> {
    await this.accounts.gather();
    this.memory.push(await this.#memory());
  }

  async #weigh(): Promise<void> {
    await collectGarbage(this.server.errors);
    this.live.push(await this.#memory());
  }

  async #memory(): Promise<MemoryPoint> {
    const figures = await this.admin.getMetrics();
    const figure = (name: string): number => Number(new RegExp(`^${name} (.+)$`, 'm').exec(figures)?.[1]);
    return {
      seconds: (performance.now() - this.#begun) / 1_000,
      resident: figure('process_resident_memory_bytes'),
      used: figure('nodejs_heap_size_used_bytes') + figure('nodejs_external_memory_bytes'),
      requests: this.exchanges.length,
    };
  }

  /** Stops all instances, and waits for the events that report it. */
  async #stopAll(): Promise<void> {
    const deeds = INSTANCES.map((instance) => this.deeds.begin('stop', instance, {}));
    await this.admin.stopAllInstances();
    for (const deed of deeds) deed.until = Date.now();
    await vi.waitFor(() => {
      const left = INSTANCES.filter((name) => !['stopped', 'failed'].includes(this.history.status(name)));
      if (left.length > 0) throw new Error(`not stopped: ${left.join(', ')}`);
    }, PATIENCE);
    await this.accounts.gather();
  }
}

/** How a caller reaches the server: one of them takes a new connection for each request. */
async function lineOf(caller: CallerName, admin: Client): Promise<Line> {
  const { key } = await admin.createKey({ name: caller });
  const agent = caller === 'script' ? false : new Agent({ keepAlive: true });
  return { url: admin.url, key, agent };
}
