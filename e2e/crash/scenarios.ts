import { testModel } from '../../scripts/test-assets.ts';
import type { ServerProcess } from '../server-process.ts';

/**
 * How each instance of a scenario stands, by name: its status, whether its process is the one from before (`on`) or another
 * (`new`), and changed settings. `gone`: the instance does not exist.
 */
export type World = Readonly<Record<string, string>>;

/** Whether a change was on the disk when the server died: one that a point `after …` tells of. */
export type IsDurable = (change: string) => boolean;

/** Something that is asked of a server, which dies meanwhile. */
export interface Scenario {
  /** Default: true. The others are close to one that is in it. */
  isInPushTier?: boolean;
  name: string;
  /** `instances.max_running`. */
  slots: number;
  /** Instances that it is about. */
  cast: readonly string[];
  /** What it begins on. Returns what has to be held on to meanwhile. */
  prepare(server: ServerProcess): Promise<unknown>;
  /** Asks. Resolves when everything was answered, rejects when the server dies before. */
  act(server: ServerProcess): Promise<void>;
  /**
   * There is another server before, on which everything is prepared and asked, and which dies in the middle of it: the
   * one that dies at a point is the one that takes that up.
   */
  isAboutBoot?: true;
  /** What the instances may come to; when everything was done there is one. */
  worlds(isDurable: IsDurable): World[];
  /** Repeats an unanswered request; left out: not repeated. */
  repeat?(server: ServerProcess): Promise<void>;
  /** What that may come to, given what the death may have come to; left out: the world in which everything was done. */
  worldsOfRepeat?(worlds: readonly World[]): World[];
}

const OPTIONS = { threads: 1 };

/** Sends a request that has to be granted. Rejects also when the server is gone. */
async function ask(server: ServerProcess, method: string, url: string, body?: unknown): Promise<void> {
  const answer = await server.call(method, url, body);
  if (answer.status >= 300) throw new Refused(`${method} ${url}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

/** The server lives, and does not do what it should. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

export async function create(server: ServerProcess, name: string): Promise<void> {
  await ask(server, 'POST', '/api/instances', { name, model_path: await testModel(), options: OPTIONS });
}

async function createRunning(server: ServerProcess, name: string): Promise<void> {
  await create(server, name);
  await ask(server, 'POST', `/api/instances/${name}/start?wait=true`);
}

/**
 * A request that goes on until somebody ends it: only the beginning of its answer is read, and with the chances of all
 * tokens the rest fills every buffer on its way.
 */
async function openStream(server: ServerProcess, model: string): Promise<unknown> {
  const response = await fetch(`${server.url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, prompt: 'x', stream: true, ignore_eos: true, max_tokens: -1, n_probs: 256 }),
  });
  const reader = response.body?.getReader();
  reader?.closed.catch(() => undefined);
  await reader?.read();
  return reader;
}

/** What streams hold up has to be held up: they must not be over before anything is asked. */
async function assertStreams(server: ServerProcess, count: number): Promise<void> {
  const { body } = await server.call('GET', '/api/requests');
  const { length } = body['in_flight'] as unknown[];
  if (length !== count) throw new Refused(`${length} streams are open, not ${count}`);
}

const command =
  (what: string, body?: object) =>
  (server: ServerProcess): Promise<void> =>
    ask(server, 'POST', `/api/instances/a/${what}`, body);

const UP_AS_BEFORE = 'running on';
const UP_AGAIN = 'running new';

const stopped = (isDurable: IsDurable): World[] => [
  { a: isDurable('saving a as stopping') ? 'stopped' : UP_AS_BEFORE },
];

export const START: Scenario = {
  name: 'a start',
  slots: 1,
  cast: ['a'],
  prepare: (server) => create(server, 'a'),
  act: command('start'),
  worlds: (isDurable) => [{ a: isDurable('saving a as starting') ? UP_AGAIN : 'stopped' }],
};

export const STOP: Scenario = {
  name: 'a stop',
  slots: 1,
  cast: ['a'],
  prepare: (server) => createRunning(server, 'a'),
  act: command('stop'),
  worlds: stopped,
};

const DRAIN: Scenario = {
  isInPushTier: false,
  ...STOP,
  name: 'a stop that waits for a stream',
  prepare: async (server) => {
    await createRunning(server, 'a');
    return openStream(server, 'a');
  },
  act: async (server) => {
    await assertStreams(server, 1);
    await command('stop', { timeout: 0.3 })(server);
  },
};

const FORCED: Scenario = {
  isInPushTier: false,
  ...DRAIN,
  name: 'a stop by force',
  act: async (server) => {
    await assertStreams(server, 1);
    await command('stop', { force: true })(server);
  },
};

const RESTART: Scenario = {
  isInPushTier: false,
  ...STOP,
  name: 'a restart',
  act: command('restart'),
  worlds: (isDurable) => [{ a: isDurable('saving a as restarting') ? UP_AGAIN : UP_AS_BEFORE }],
};

const UPDATE: Scenario = {
  isInPushTier: false,
  ...STOP,
  name: 'an update with a restart',
  act: async (server) => {
    await ask(server, 'PUT', '/api/instances/a?apply=restart', { options: { threads: 2 } });
  },
  worlds: (isDurable) => {
    // What is written is restarted, also by the next: both are stored at once.
    return [{ a: isDurable('saving a as running') ? `${UP_AGAIN} with 2 threads` : UP_AS_BEFORE }];
  },
};

const DELETE: Scenario = {
  ...STOP,
  name: 'a delete right after a stop',
  act: async (server) => {
    await command('stop')(server);
    await ask(server, 'DELETE', '/api/instances/a');
  },
  worlds: (isDurable) => (isDurable('removing a') ? [{ a: 'gone' }] : stopped(isDurable)),
};

const EVICTED: World = { a: 'stopped', b: UP_AGAIN };
const NOT_EVICTED: World = { a: UP_AS_BEFORE, b: 'stopped' };

const EVICT: Scenario = {
  isInPushTier: false,
  name: 'an eviction for a start',
  slots: 1,
  cast: ['a', 'b'],
  prepare: async (server) => {
    await createRunning(server, 'a');
    await create(server, 'b');
  },
  act: async (server) => {
    await ask(server, 'POST', '/api/instances/b/start');
  },
  worlds: (isDurable) => [isDurable('saving b as starting') ? EVICTED : NOT_EVICTED],
};

/** The request has died with its server, so it causes no eviction. */
const NOT_WORTH_IT: World = { a: UP_AS_BEFORE, b: 'starting' };

const EVICT_ON_DEMAND: Scenario = {
  ...EVICT,
  isInPushTier: true,
  name: 'an eviction for a request',
  act: async (server) => {
    await ask(server, 'POST', '/v1/completions', { model: 'b', prompt: 'x', max_tokens: 1 });
  },
  worlds: (isDurable) => {
    if (isDurable('saving a as stopping')) return [EVICTED];
    return [isDurable('saving b as starting') ? NOT_WORTH_IT : NOT_EVICTED];
  },
};

/** `a` changes, `c` is removed, `d` is new; who else is there stays. */
const APPLY: Scenario = {
  name: 'an apply that creates, changes and removes',
  slots: 2,
  cast: ['a', 'c', 'd'],
  prepare: async (server) => {
    for (const name of ['a', 'c']) await createRunning(server, name);
  },
  act: apply,
  worlds: (isDurable) => {
    const [{ a } = {}] = UPDATE.worlds(isDurable);
    const c = isDurable('removing c') ? 'gone' : isDurable('saving c as stopping') ? 'stopped' : UP_AS_BEFORE;
    return [{ a: a ?? '', c, d: isDurable('saving d as stopped') ? 'stopped' : 'gone' }];
  },
  repeat: apply,
  worldsOfRepeat: (worlds) => {
    const done = { a: `${UP_AGAIN} with 2 threads`, c: 'gone', d: 'stopped' };
    // What was written, and not restarted before the death, is as it should be to the next: `restart_required` tells of it.
    const isWritten = ({ a }: World): boolean => a === `${UP_AS_BEFORE} with 2 threads`;
    return worlds.some(isWritten) ? [done, { ...done, a: `${UP_AS_BEFORE} with 2 threads` }] : [done];
  },
};

async function apply(server: ServerProcess): Promise<void> {
  const { instances } = (await exported(server)) as { instances: { name: string; options: object }[] };
  const others = instances.filter(({ name }) => !['a', 'c', 'd'].includes(name));
  const a = instances.find(({ name }) => name === 'a');
  const changed = { ...a, options: { ...OPTIONS, threads: 2 } };
  const made = { name: 'd', model_path: await testModel(), options: OPTIONS };
  const document = { version: 1, instances: [...others, changed, made] };
  await ask(server, 'POST', '/api/apply?prune=true', document);
}

async function exported(server: ServerProcess): Promise<unknown> {
  const response = await fetch(`${server.url}/api/export`, { headers: { accept: 'application/json' } });
  return response.json();
}

/** Without a request: an engine dies, and the policy restarts it, whether a server has seen it or not. */
const DEATH: Scenario = {
  ...STOP,
  name: 'the restart of an engine that died',
  act: async (server) => {
    const { pid } = await server.instance('a');
    if (pid === null) throw new Refused('a has no engine');
    process.kill(pid, 'SIGKILL');
  },
  worlds: () => [{ a: UP_AGAIN }],
};

/** Every kind of work that one may leave to the next. */
const BOOT: Scenario = {
  name: 'a boot',
  slots: 4,
  cast: ['runs', 'restarts', 'stops', 'dies'],
  prepare: async (server) => {
    for (const name of BOOT.cast) await createRunning(server, name);
    return Promise.all(['restarts', 'stops'].map((name) => openStream(server, name)));
  },
  act: async (server) => {
    for (const what of ['restart', 'stop'])
      await ask(server, 'POST', `/api/instances/${what}s/${what}`, { timeout: 600 });
    await assertStreams(server, 2);
    const { pid } = await server.instance('dies');
    await server.end('SIGKILL');
    if (pid !== null) process.kill(pid, 'SIGKILL');
  },
  isAboutBoot: true,
  worlds: () => [{ runs: UP_AS_BEFORE, restarts: UP_AGAIN, stops: 'stopped', dies: UP_AGAIN }],
};

/** All but those of which every point is always tried. */
export const OTHERS: readonly Scenario[] = [
  DRAIN,
  FORCED,
  RESTART,
  UPDATE,
  DELETE,
  EVICT,
  EVICT_ON_DEMAND,
  APPLY,
  DEATH,
  BOOT,
];
