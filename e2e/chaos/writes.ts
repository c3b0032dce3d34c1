import { readFile } from 'node:fs/promises';
import { type Applied, AppliedSchema } from '@llamactl/contract/fleet';
import { type Api, codeOf, type Reply } from './api.ts';
import { type Name, NAMES, type Role } from './cast.ts';
import type { Faults } from './faults.ts';
import type { Step } from './plan.ts';
import { Register } from './register.ts';
import type { Stage } from './stage.ts';
import type { Troubles } from './troubles.ts';

/** The mark of the write that made or changed an instance last; `null`: there is no such instance. */
type Mark = number | null;
type StepOf<Kind extends Step['kind']> = Step & { kind: Kind };

interface WritesParts {
  stage: Stage;
  api: Api;
  roles: Record<Name, Role>;
  troubles: Troubles;
  faults: Faults;
}

/** One after the other: all that changes settings, with what was acknowledged of it. */
export class Writes {
  readonly #with: WritesParts;
  readonly #marks: Record<Name, Register<Mark>>;
  readonly #configuration = new Register<number>(0);
  #last: Promise<void> = Promise.resolve();

  constructor(parts: WritesParts) {
    this.#with = parts;
    const marks = NAMES.map((name) => [name, new Register<Mark>(null)] as const);
    this.#marks = Object.fromEntries(marks) as Record<Name, Register<Mark>>;
  }

  /** Resolves when its turn has come and it has ended. */
  take(step: StepOf<'create' | 'delete' | 'update' | 'apply' | 'configure'>): Promise<void> {
    const turn = this.#last.then(() => this.#take(step));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** What is wrong with the instances that there are, by their aliases. */
  problems(instances: ReadonlyMap<string, readonly string[]>): string[] {
    return NAMES.flatMap((name) => {
      const seen = markIn(instances.get(name));
      const register = this.#marks[name];
      if (register.learn((mark) => mark === seen)) return [];
      return [`${name} is of write ${seen}, and was ${register.possible.join(' or ')}`];
    });
  }

  /** What is wrong with the configuration file. */
  async problemsOfFile(): Promise<string[]> {
    const text = await readFile(this.#with.stage.configFile, 'utf8');
    const mark = Number(/max_running: (\d+)/.exec(text)?.[1]);
    if (!text.includes('# This comment stays.')) return [`the configuration file has lost its comment: ${text}`];
    if (this.#configuration.learn((each) => each === mark)) return [];
    return [`the configuration is of edit ${mark}, and was ${this.#configuration.possible.join(' or ')}`];
  }

  async #take(step: StepOf<'create' | 'delete' | 'update' | 'apply' | 'configure'>): Promise<void> {
    switch (step.kind) {
      case 'create':
        return this.#create(step);
      case 'update':
        return this.#update(step);
      case 'delete':
        return this.#delete(step);
      case 'apply':
        return this.#apply(step);
      case 'configure':
        return this.#configure(step);
    }
  }

  async #create({ name, mark }: StepOf<'create' | 'delete'>): Promise<void> {
    const body = this.#settings(name, mark);
    const reply = await this.#with.api.call({ method: 'POST', path: '/api/instances', body }, 'create');
    if (reply.end !== 'answered') return this.#cut(reply, name, mark);
    if (reply.status === 201) return this.#marks[name].acknowledged(mark);
    if (reply.body['code'] !== 'INSTANCE_EXISTS') return this.#with.api.refused(reply, 'create');
    this.#learn(name, (seen) => seen !== null, 'it exists');
  }

  async #update({ name, mark, restarts, isStale }: StepOf<'update'>): Promise<void> {
    const trouble = restarts ? this.#with.troubles.begin('instance', name) : null;
    const { aliases } = this.#settings(name, mark);
    const path = `/api/instances/${name}${restarts ? '?apply=restart' : ''}`;
    const body = { aliases, environment: { NUMEXPR_NUM_THREADS: String(mark) } };
    const headers = isStale ? { 'if-match': '"none"' } : {};
    const reply = await this.#with.api.call({ method: 'PUT', path, body, headers }, 'update');
    if (trouble !== null) this.#with.troubles.end(trouble);
    if (reply.end !== 'answered') return isStale ? undefined : this.#cut(reply, name, mark);
    if (reply.status === 200 && !isStale) return this.#marks[name].acknowledged(mark);
    if (reply.status === 404) return this.#learn(name, (seen) => seen === null, 'it does not exist');
    // It is written, and then the restart is refused.
    if (restarts && codeOf(reply) === 'SHUTTING_DOWN') return this.#marks[name].unknown(mark);
    if (reply.status === 412 && isStale) return this.#learn(name, (seen) => seen !== null, 'it exists');
    this.#with.api.refused(reply, 'update');
  }

  async #delete({ name }: StepOf<'create' | 'delete'>): Promise<void> {
    const trouble = this.#with.troubles.begin('instance', name);
    const reply = await this.#with.api.call({ method: 'DELETE', path: `/api/instances/${name}` }, 'delete');
    this.#with.troubles.end(trouble);
    if (reply.end !== 'answered') return this.#cut(reply, name, null);
    if (reply.status === 200) return this.#marks[name].acknowledged(null);
    if (reply.status === 404) return this.#learn(name, (seen) => seen === null, 'it does not exist');
    if (reply.body['code'] === 'INSTANCE_RUNNING') return this.#learn(name, (seen) => seen !== null, 'it exists');
    this.#with.api.refused(reply, 'delete');
  }

  async #apply({ names, prunes, mark }: StepOf<'apply'>): Promise<void> {
    const { troubles } = this.#with;
    const trouble = troubles.begin('instance');
    const wanted = new Map<Name, Mark>(prunes ? NAMES.map((name) => [name, null]) : []);
    for (const name of names) wanted.set(name, mark);
    const instances = names.map((name) => ({
      ...this.#settings(name, mark),
      environment: { NUMEXPR_NUM_THREADS: String(mark) },
    }));
    const path = `/api/apply${prunes ? '?prune=true' : ''}`;
    const reply = await this.#with.api.call({ method: 'POST', path, body: { instances } }, 'apply');
    troubles.end(trouble);
    if (reply.end !== 'answered') for (const [name, to] of wanted) this.#cut(reply, name, to);
    else if (reply.status === 200) this.#applied(AppliedSchema.parse(reply.body), wanted);
    else this.#with.api.refused(reply, 'apply');
  }

  #applied({ results }: Pick<Applied, 'results'>, wanted: ReadonlyMap<Name, Mark>): void {
    for (const { name, action, error } of results) {
      this.#with.api.count('apply', error === undefined ? action : `${action} failed`);
      const register = this.#marks[name as Name];
      if (error === undefined) register.acknowledged(wanted.get(name as Name) ?? null);
    }
    const named = new Set(results.map(({ name }) => name));
    const silent = [...wanted].filter(([name, mark]) => mark === null && !named.has(name));
    for (const [name] of silent) this.#learn(name, (seen) => seen === null, 'it does not exist');
  }

  async #configure({ way, mark }: StepOf<'configure'>): Promise<void> {
    if (way === 'by hand') {
      await this.#with.stage.configure(mark);
      return this.#configuration.acknowledged(mark);
    }
    const body = { groups: { mark: { max_running: mark } } };
    const reply = await this.#with.api.call({ method: 'PUT', path: '/api/config', body }, 'configure');
    if (reply.end !== 'answered') {
      if (reply.end === 'hung' || reply.wasSent) this.#configuration.unknown(mark);
    } else if (reply.status === 200) this.#configuration.acknowledged(mark);
    else this.#with.api.refused(reply, 'configure');
  }

  #settings(name: Name, mark: number): Role['settings'] {
    return { ...this.#with.roles[name].settings, aliases: [`mark-${mark}-${name}`] };
  }

  #cut(reply: Reply, name: Name, mark: Mark): void {
    if (reply.end === 'hung' || (reply.end === 'cut' && reply.wasSent)) this.#marks[name].unknown(mark);
  }

  #learn(name: Name, isSeen: (mark: Mark) => boolean, what: string): void {
    const register = this.#marks[name];
    if (register.learn(isSeen)) return;
    const was = register.possible.join(' or ');
    this.#with.faults.add('an answer that may not be', `${name}: ${what}, and was ${was}`);
  }
}

function markIn(aliases: readonly string[] | undefined): Mark {
  return aliases === undefined ? null : Number(/^mark-(\d+)-/.exec(aliases[0] ?? '')?.[1]);
}
