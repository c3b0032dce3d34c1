import { ApiError } from '@llamactl/contract/errors';
import type { Health } from '@llamactl/contract/health';
import type { Batch, CreateInstance, Instance, Status, UpdateInstance } from '@llamactl/contract/instance';
import type { LogItem, Logs } from '@llamactl/contract/logs';
import type { Lease } from '../instances/slots/leases.ts';
import type { LogQuery } from '../instances/ports/run-output.ts';
import type {
  InstanceManager,
  LiveRun,
  RemoveOptions,
  StopOptions,
  UpdateOptions,
  WaitOptions,
  Previewed,
  Written,
} from '../instances/use-cases.ts';

const MADE_AT = '2024-01-15T10:30:00Z';
const FIRST_PORT = 8100;

/** One call of a {@link FakeManager}, for tests that check what arrived. */
export interface ManagerCall {
  method: keyof InstanceManager;
  arguments: unknown[];
}

/**
 * Instances without engines: names, settings and states in memory. Each command takes effect at once. Checks only names,
 * versions, and whether a state allows a command. With `wait`, waits until the caller's signal aborts.
 */
export class FakeManager implements InstanceManager {
  readonly calls: ManagerCall[] = [];
  /** The content of every log. */
  log: Logs = { logs: [] };
  /** The items that every follower of a log gets. */
  followed: AsyncIterable<readonly LogItem[]> = none();
  readonly #instances = new Map<string, { instance: Instance; version: number }>();
  #nextPort = FIRST_PORT;

  idOf(nameOrAlias: string): string | null {
    const key = nameOrAlias.toLowerCase();
    return this.#instances.has(key) ? `id-of-${key}` : null;
  }

  nameOf(id: string): string | null {
    return this.#instances.get(id.replace(/^id-of-/, ''))?.instance.name ?? null;
  }

  list(status?: Status): Instance[] {
    this.#note('list', status);
    return [...this.#instances.values()]
      .map(({ instance }) => instance)
      .filter((each) => !status || each.status === status);
  }

  get(name: string): Instance {
    this.#note('get', name);
    return this.#find(name).instance;
  }

  entityTag(name: string): string {
    return `"${this.#find(name).version}"`;
  }

  async create(body: CreateInstance, by?: string): Promise<Written> {
    this.#note('create', body, by);
    if (this.#instances.has(body.name.toLowerCase())) {
      throw new ApiError('INSTANCE_EXISTS', `There already is an instance ${body.name}.`);
    }
    const instance = newInstance(body, body.port ?? this.#nextPort++);
    this.#instances.set(body.name.toLowerCase(), { instance, version: 1 });
    const warnings = body.model_path === undefined ? ['model_path is not there yet'] : [];
    return { instance, entityTag: this.entityTag(body.name), warnings, changes: [] };
  }

  async previewCreate(body: CreateInstance): Promise<Previewed> {
    this.#note('previewCreate', body);
    return previewOf(newInstance(body, body.port ?? 0), []);
  }

  async previewUpdate(name: string, patch: UpdateInstance, options: Omit<UpdateOptions, 'by'>): Promise<Previewed> {
    this.#note('previewUpdate', name, patch, options);
    return previewOf(this.#find(name).instance, Object.keys(patch));
  }

  async update(name: string, patch: UpdateInstance, options: UpdateOptions): Promise<Written> {
    this.#note('update', name, patch, options);
    const found = this.#find(name);
    if (options.ifMatch !== undefined && options.ifMatch !== this.entityTag(name)) {
      throw new ApiError('PRECONDITION_FAILED', `${name} has changed in the meantime.`);
    }
    const { options: before } = found.instance;
    const merged = { ...found.instance.options };
    for (const [key, value] of Object.entries(patch.options ?? {})) if (value !== null) merged[key] = value;
    found.instance = { ...found.instance, options: merged, port: patch.port ?? found.instance.port };
    found.version += 1;
    const changes = Object.entries(patch.options ?? {}).map(([key, after]) => ({
      path: `options.${key}`,
      before: before[key] ?? null,
      after,
    }));
    return { instance: found.instance, entityTag: this.entityTag(name), warnings: [], changes };
  }

  async rename(name: string, newName: string, by?: string): Promise<Written> {
    this.#note('rename', name, newName, by);
    const found = this.#find(name);
    this.#instances.delete(name.toLowerCase());
    const instance = { ...found.instance, name: newName };
    this.#instances.set(newName.toLowerCase(), { instance, version: found.version + 1 });
    return {
      instance,
      entityTag: this.entityTag(newName),
      warnings: [],
      changes: [{ path: 'name', before: name, after: newName }],
    };
  }

  async remove(name: string, options: RemoveOptions = {}): Promise<void> {
    this.#note('remove', name, options);
    const { status } = this.#find(name).instance;
    if (status !== 'stopped') throw new ApiError('INSTANCE_RUNNING', `${name} is ${status}; stop it first.`);
    this.#instances.delete(name.toLowerCase());
  }

  async start(name: string, options: WaitOptions = {}): Promise<Status> {
    this.#note('start', name, options);
    this.#enter(name, 'starting');
    await patience(options);
    return 'starting';
  }

  async stop(name: string, options: StopOptions & WaitOptions = {}): Promise<Status> {
    this.#note('stop', name, options);
    this.#enter(name, 'stopped');
    await patience(options);
    return 'stopping';
  }

  async restart(name: string, options: StopOptions & WaitOptions = {}): Promise<Status> {
    this.#note('restart', name, options);
    this.#enter(name, 'restarting');
    await patience(options);
    return 'restarting';
  }

  triedChanges(): [] {
    return [];
  }

  async health(name: string): Promise<Health> {
    this.#note('health', name);
    this.#find(name);
    return {
      status: 'healthy',
      checks: { process: 'running', port: 'open', response: 'ok' },
      last_check: MADE_AT,
    };
  }

  async logs(name: string, query: LogQuery): Promise<Logs> {
    this.#note('logs', name, query);
    this.#find(name);
    return this.log;
  }

  followLogs(name: string, query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogItem[]> {
    this.#note('followLogs', name, query, signal);
    this.#find(name);
    return this.followed;
  }

  liveRuns(): LiveRun[] {
    return [];
  }

  async startAll(names?: readonly string[]): Promise<Batch['results']> {
    this.#note('startAll', names);
    return this.#each(names, 'starting');
  }

  async stopAll(names?: readonly string[]): Promise<Batch['results']> {
    this.#note('stopAll', names);
    return this.#each(names, 'stopping');
  }

  async restartAll(names: readonly string[]): Promise<Batch['results']> {
    this.#note('restartAll', names);
    return this.#each(names, 'restarting');
  }

  async removeAll(names: readonly string[], options: RemoveOptions = {}): Promise<Batch['results']> {
    this.#note('removeAll', names, options);
    const results = this.#each(names, null);
    for (const name of names) this.#instances.delete(name.toLowerCase());
    return results;
  }

  async acquire(): Promise<Lease> {
    throw new ApiError('INSTANCE_NOT_RUNNING', 'The fake has no engines.');
  }

  /** Sets the status of an instance. */
  #enter(name: string, status: Status): void {
    const found = this.#find(name);
    found.instance = { ...found.instance, status };
  }

  #each(names: readonly string[] | undefined, status: Status | null): Batch['results'] {
    const all = [...this.#instances.values()].map(({ instance }) => instance.name);
    return (names ?? all).map((name) =>
      this.#instances.has(name.toLowerCase())
        ? { name, status }
        : { name, status: null, error: `There is no instance ${name}.` },
    );
  }

  #find(name: string): { instance: Instance; version: number } {
    const found = this.#instances.get(name.toLowerCase());
    if (found === undefined) throw new ApiError('INSTANCE_NOT_FOUND', `There is no instance ${name}.`);
    return found;
  }

  #note(method: keyof InstanceManager, ...rest: unknown[]): void {
    this.calls.push({ method, arguments: rest });
  }
}

async function* none(): AsyncGenerator<readonly LogItem[]> {}

/** With `wait` and a signal, never resolves, and rejects when the signal aborts. */
async function patience({ wait, signal }: WaitOptions): Promise<void> {
  if (wait !== true || signal === undefined) return;
  await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

function previewOf(instance: Instance, changes: string[]): Previewed {
  const { effective_command, restart_required } = instance;
  return { instance, preview: { problems: [], warnings: [], effective_command, changes, restart_required } };
}

/** A stopped instance as the API shows it, with defaults. */
export function newInstance(body: CreateInstance, port: number): Instance {
  return {
    name: body.name,
    status: 'stopped',
    engine: body.engine ?? 'llama_cpp',
    ...(body.model_path === undefined ? {} : { model_path: body.model_path }),
    port,
    running_port: null,
    model_info: null,
    capabilities: [],
    context_size: null,
    slots: null,
    started_at: null,
    created_at: MADE_AT,
    updated_at: MADE_AT,
    pid: null,
    options: body.options ?? {},
    extra_args: body.extra_args ?? [],
    environment: body.environment ?? {},
    ...(body.command === undefined ? {} : { command: body.command }),
    aliases: body.aliases ?? [],
    unlisted: body.unlisted ?? false,
    auto_start: body.auto_start ?? true,
    auto_restart: body.auto_restart ?? true,
    max_restarts: body.max_restarts ?? 5,
    on_demand: body.on_demand ?? true,
    idle_timeout: body.idle_timeout ?? 0,
    pinned: body.pinned ?? false,
    queue_limit: body.queue_limit ?? 1_000,
    request_defaults: body.request_defaults ?? {},
    request_strip: body.request_strip ?? [],
    isolated: body.isolated ?? false,
    keep_context: body.keep_context ?? 'off',
    context: null,
    in_flight: 0,
    waiting: 0,
    tokens_per_second: 0,
    last_used_at: null,
    waits_for: [],
    load: null,
    ready_at: null,
    last_load_seconds: null,
    reason: null,
    refused: null,
    restart_count: 0,
    restart_required: false,
    last_exit: null,
    effective_command: ['llama-server'],
    stats: null,
  };
}
