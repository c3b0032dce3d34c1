import { ApiError, type ErrorCode, type Problem } from '@llamactl/contract/errors';
import type { CreateInstance, OptionValue, UpdateInstance } from '@llamactl/contract/instance';
import { mergeJson, mergePatch } from './merge-patch.ts';
import type { EngineAdapter, Engines, JsonObject, Settings, SettingsProblem } from '../ports.ts';

/** Stands for a secret that is not shown; in an update it leaves the stored value alone. */
const MASK = '***';

/** The settings of a new instance: what was given, and the defaults of the contract. */
export function newSettings(body: Omit<CreateInstance, 'name' | 'port'>): Settings {
  return withoutUndefined({
    engine: body.engine ?? 'llama_cpp',
    model_path: body.model_path,
    options: body.options ?? {},
    extra_args: body.extra_args ?? [],
    environment: body.environment ?? {},
    command: body.command,
    health_path: body.health_path,
    aliases: body.aliases ?? [],
    unlisted: body.unlisted ?? false,
    auto_start: body.auto_start ?? true,
    auto_restart: body.auto_restart,
    max_restarts: body.max_restarts,
    on_demand: body.on_demand,
    idle_timeout: body.idle_timeout,
    pinned: body.pinned,
    group: body.group,
    concurrency: body.concurrency,
    queue_limit: body.queue_limit,
    upstream_model: body.upstream_model,
    request_defaults: body.request_defaults,
    request_strip: body.request_strip,
    isolated: body.isolated,
  });
}

/** The settings that a document wants of an instance: what it leaves out has its default, also where it was set before. */
export function wantedSettings(body: CreateInstance, stored: Settings | null): Settings {
  const { environment = {} } = body;
  return newSettings({ ...body, environment: withoutMasks(environment, stored?.environment ?? {}) });
}

/** Variables that are set to what stands for a secret, and hold none. */
export function maskedVariables({ environment }: Settings): string[] {
  return Object.keys(environment).filter((name) => environment[name] === MASK);
}

/** The settings after a merge patch (RFC 7396); a removed one falls back to its default. */
export function patchedSettings(stored: Settings, patch: UpdateInstance, adapter: EngineAdapter): Settings {
  const patched = <Key extends Plain>(key: Key): Exclude<UpdateInstance[Key], null> | Settings[Key] | undefined =>
    patch[key] === undefined ? stored[key] : withoutNull<UpdateInstance[Key]>(patch[key]);
  return newSettings({
    engine: patched('engine'),
    model_path: patched('model_path'),
    options: mergeOptions(stored, patch.options, adapter),
    extra_args: patched('extra_args'),
    environment: mergeEnvironment(stored.environment, patch.environment),
    command: patched('command'),
    health_path: patched('health_path'),
    aliases: patched('aliases'),
    unlisted: patched('unlisted'),
    auto_start: patched('auto_start'),
    auto_restart: patched('auto_restart'),
    max_restarts: patched('max_restarts'),
    on_demand: patched('on_demand'),
    idle_timeout: patched('idle_timeout'),
    pinned: patched('pinned'),
    group: patched('group'),
    concurrency: patched('concurrency'),
    queue_limit: patched('queue_limit'),
    upstream_model: patched('upstream_model'),
    request_defaults: mergeDefaults(stored.request_defaults, patch.request_defaults),
    request_strip: patched('request_strip'),
    isolated: patched('isolated'),
  });
}

/** Settings that a patch replaces whole; the others merge key by key. */
type Plain = Exclude<keyof Settings, 'options' | 'environment' | 'request_defaults'>;

/** A `null` in a patch removes: the same as if it had never been given. */
function withoutNull<Value>(value: Value): Exclude<Value, null> | undefined {
  return value === null ? undefined : (value as Exclude<Value, null>);
}

function mergeOptions(
  stored: Settings,
  patch: Record<string, OptionValue | null> | null | undefined,
  adapter: EngineAdapter,
): Settings['options'] {
  if (patch === undefined) return stored.options;
  if (patch === null) return {};
  return mergePatch(adapter.withoutTwins(stored, Object.keys(patch)), patch);
}

function mergeEnvironment(
  stored: Record<string, string>,
  patch: Record<string, string | null> | null | undefined,
): Record<string, string> {
  if (patch === undefined) return stored;
  if (patch === null) return {};
  return mergePatch(stored, withoutMasks(patch, stored));
}

function mergeDefaults(stored: JsonObject | undefined, patch: JsonObject | null | undefined): JsonObject | undefined {
  if (patch === undefined) return stored;
  return patch === null ? undefined : mergeJson(stored ?? {}, patch);
}

/** With what is stored in the place of what is not shown. */
function withoutMasks<Value>(
  given: Record<string, Value>,
  stored: Record<string, string>,
): Record<string, Value | string> {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      value === MASK && Object.hasOwn(stored, name) ? (stored[name] ?? value) : value,
    ]),
  );
}

/** Drops keys that hold `undefined`, so that "not set" has one form. */
function withoutUndefined<T extends object>(object: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

/** The adapter for an engine's name, or an error that says which there are. */
export function adapterFor(engines: Engines, name: string): EngineAdapter {
  const adapter = engines.find(name);
  if (adapter !== null) return adapter;
  const { path, message } = unknownEngine(engines, name);
  throw new ApiError('VALIDATION_ERROR', sentence(`${path}: ${message}`), { problems: [{ path, message }] });
}

function unknownEngine(engines: Engines, name: string): SettingsProblem {
  const message = `there is no engine ${JSON.stringify(name)}; there are: ${engines.names().join(', ')}`;
  return { code: 'VALIDATION_ERROR', path: 'engine', message };
}

/**
 * Judges settings as a whole and throws with every problem; returns the warnings.
 *
 * @param groups Names of those that are configured.
 * @param stored The settings that are replaced; `null`: the instance is new.
 */
export async function checkSettings(
  settings: Settings,
  adapter: EngineAdapter,
  groups: GroupNames,
  stored: Settings | null,
): Promise<string[]> {
  const { problems, warnings } = await judgeSettings(settings, adapter, groups, stored);
  if (problems.length > 0) throw refused(problems);
  return warnings;
}

/** The same for a caller that goes on to look for more: the engine's name is judged too. */
export async function settingsProblems(
  settings: Settings,
  engines: Engines,
  groups: GroupNames,
  stored: Settings | null,
  mostWarnings: number,
): ReturnType<EngineAdapter['check']> {
  const adapter = engines.find(settings.engine);
  if (adapter !== null) return judgeSettings(settings, adapter, groups, stored, mostWarnings);
  return { problems: [unknownEngine(engines, settings.engine)], warnings: [] };
}

async function judgeSettings(
  settings: Settings,
  adapter: EngineAdapter,
  groups: GroupNames,
  stored: Settings | null,
  mostWarnings?: number,
): ReturnType<EngineAdapter['check']> {
  const { known, fresh } = keptVariables(settings, stored);
  const { problems, warnings: found } = await adapter.check({ ...settings, environment: fresh }, mostWarnings);
  const kept = Object.keys(known).length === 0 ? [] : await variableWarnings(settings, known, adapter);
  const warnings = [...found, ...kept];
  const missing: SettingsProblem[] =
    adapter.needsModel && settings.model_path === undefined
      ? [{ code: 'VALIDATION_ERROR', path: 'model_path', message: 'is required: the path of the model file' }]
      : [];
  return { problems: [...missing, ...problems], warnings: [...warnings, ...unknownGroup(settings, groups)] };
}

/** The variables that a change leaves as they are stored, and the others. */
function keptVariables(
  { environment }: Settings,
  stored: Settings | null,
): { known: Record<string, string>; fresh: Record<string, string> } {
  const isKept = ([name, value]: [string, string]): boolean =>
    stored !== null && Object.hasOwn(stored.environment, name) && stored.environment[name] === value;
  const entries = Object.entries(environment);
  return {
    known: Object.fromEntries(entries.filter(isKept)),
    fresh: Object.fromEntries(entries.filter((entry) => !isKept(entry))),
  };
}

/**
 * Stored variables that the engine may not be given. They were allowed when they were stored, so they stay and the
 * instance can be edited; its start says which they are.
 */
async function variableWarnings(
  settings: Settings,
  environment: Settings['environment'],
  adapter: EngineAdapter,
): Promise<string[]> {
  const { problems } = await adapter.check({ ...settings, options: {}, extra_args: [], environment });
  return problems
    .filter(({ path }) => path.startsWith('environment.'))
    .map(({ path, message }) => `${path} keeps the instance from starting: it ${message}`);
}

/** The names of the groups of the configuration. */
export type GroupNames = Pick<ReadonlyMap<string, unknown>, 'has'>;

/** No error: the configuration may get it later, and a fleet may come from another machine. */
function unknownGroup({ group }: Settings, groups: GroupNames): string[] {
  if (group === undefined || groups.has(group)) return [];
  return [`group ${JSON.stringify(group)} is not in the configuration, so it limits nothing`];
}

/** What must never be set, then what needs a privilege, then what is wrong, then what others have. */
const GRAVEST_FIRST: readonly ErrorCode[] = [
  'RESERVED_OPTION',
  'PRIVILEGED_OPTION',
  'VALIDATION_ERROR',
  'ALIAS_CONFLICT',
  'PORT_CONFLICT',
];

/** One error for all problems: the gravest gives it its code. */
export function refused(problems: readonly (Problem & { code: ErrorCode })[]): ApiError {
  const code = GRAVEST_FIRST.find((each) => problems.some((problem) => problem.code === each)) ?? 'VALIDATION_ERROR';
  const first = problems.find((problem) => problem.code === code);
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new ApiError(code, sentence(`${first?.path ?? 'settings'}: ${first?.message ?? 'invalid'}${more}`), {
    problems: problems.map(({ path, message }) => ({ path, message })),
  });
}

/** What asks whether something else was meant is a sentence already. */
function sentence(text: string): string {
  return text.endsWith('?') ? text : `${text}.`;
}
