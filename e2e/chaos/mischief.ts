import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Name } from './cast.ts';
import type { Faults } from './faults.ts';
import type { Step } from './plan.ts';
import { enginesOf } from './process-rules.ts';
import type { WorldProcess } from './process-table.ts';
import { signal, type Stage } from './stage.ts';
import { readStored } from './stored.ts';
import type { Troubles } from './troubles.ts';

type StepOf<Kind extends Step['kind']> = Step & { kind: Kind };

/** What goes wrong around the server, and how it is put right again. */
export class Mischief {
  readonly #stage: Stage;
  readonly #troubles: Troubles;
  readonly #faults: Faults;
  readonly #onLoss: () => void;
  /** Begins and ends of the server, one after the other. */
  #server: Promise<void> = Promise.resolve();
  #isChanging = 0;

  /** @param onLoss Called when a server has ended that may not have stored events that it sent. */
  constructor(stage: Stage, troubles: Troubles, faults: Faults, onLoss: () => void) {
    this.#stage = stage;
    this.#troubles = troubles;
    this.#faults = faults;
    this.#onLoss = onLoss;
  }

  /** Whether a step is about to end or start the server. */
  get isServerChanging(): boolean {
    return this.#isChanging > 0;
  }

  /** Resolves when the server is up again. */
  server(step: Pick<StepOf<'server'>, 'how' | 'milliseconds'>): Promise<void> {
    this.#isChanging += 1;
    const turn = this.#server.then(() => this.#change(step)).finally(() => (this.#isChanging -= 1));
    this.#server = turn.catch(() => undefined);
    return turn;
  }

  /** Sends SIGKILL to a process of an instance, if one runs. */
  kill({ name, whom }: StepOf<'kill'>): void {
    const run = this.#runOf(name);
    const engines = enginesOf(run);
    const victims = {
      engine: engines,
      wrapper: run.filter(({ part }) => part === 'wrapper'),
      grandchild: run.filter(({ part }) => part === 'other').slice(-1),
      group: run,
    }[whom];
    const trouble = this.#troubles.begin('instance', name);
    for (const { pid } of victims) signal(pid, 'SIGKILL');
    this.#troubles.end(trouble);
  }

  /** SIGSTOP to everything of an instance. */
  async freeze({ name, milliseconds }: StepOf<'freeze'>): Promise<void> {
    const run = this.#runOf(name);
    const trouble = this.#troubles.begin('instance', name);
    for (const { pid } of run) signal(pid, 'SIGSTOP');
    if (milliseconds !== null) {
      await pause(milliseconds);
      this.#wake(run);
    }
    this.#troubles.end(trouble);
  }

  /** Resumes frozen processes. */
  wakeAll(): void {
    this.#wake(this.#stage.table.look().filter(({ isStopped, tag }) => isStopped && tag !== null));
  }

  async fillTheDisk({ milliseconds }: StepOf<'fill the disk'>): Promise<void> {
    const { disk } = this.#stage;
    if (disk === null) return;
    const trouble = this.#troubles.begin('disk');
    disk.fill();
    await pause(milliseconds);
    disk.makeRoom();
    this.#troubles.end(trouble);
  }

  /** Listens on the port of an instance, if it is free, and answers everything like an engine. */
  async stealThePort({ name, milliseconds }: StepOf<'steal the port'>): Promise<void> {
    const port = this.#find(name)?.port;
    if (port === undefined) return;
    const thief = createServer((_, response) => response.end('{"status":"ok"}'));
    const isOurs = await Promise.race([
      once(thief.listen(port, '127.0.0.1'), 'listening').then(() => true),
      once(thief, 'error').then(() => false),
    ]).catch(() => false);
    if (!isOurs) return;
    const trouble = this.#troubles.begin('instance', name);
    await pause(milliseconds);
    thief.closeAllConnections();
    const closed = once(thief, 'close');
    thief.close();
    await closed;
    this.#troubles.end(trouble);
  }

  async #change({ how, milliseconds }: Pick<StepOf<'server'>, 'how' | 'milliseconds'>): Promise<void> {
    const stage = this.#stage;
    // No call fails for a reload, so it explains nothing.
    if (how === 'reload') {
      const reason = await stage.reload();
      if (reason !== null && !this.#troubles.explain('disk', performance.now())) {
        this.#faults.add('an answer that may not be', `reload: ${reason}`);
      }
      return;
    }
    // Nor for a server that is slow.
    if (how === 'freeze') return stage.freeze(milliseconds);
    const trouble = this.#troubles.begin('server');
    const isLoss = this.#troubles.explain('disk', performance.now());
    if (how === 'kill') await stage.kill(milliseconds);
    else if (how === 'kill in a reload') await stage.killInReload(milliseconds);
    else await stage.end(milliseconds);
    if (isLoss) this.#onLoss();
    this.#troubles.end(trouble);
  }

  #wake(processes: readonly WorldProcess[]): void {
    for (const { pid } of this.#stage.table.stillAlive(processes)) signal(pid, 'SIGCONT');
  }

  #runOf(name: Name): WorldProcess[] {
    const id = this.#find(name)?.id;
    return this.#stage.table.look().filter(({ tag, instance }) => tag !== null && instance === id);
  }

  /** As the database knows it: the server may be away. */
  #find(name: Name): { id: string; port: number } | undefined {
    try {
      return readStored(this.#stage.folder).instances.find((instance) => instance.name === name);
    } catch (error) {
      // The file was being written: no process is found this time.
      if (error instanceof Error) return undefined;
      throw error;
    }
  }
}
