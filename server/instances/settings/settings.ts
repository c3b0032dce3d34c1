import { phrase } from '@llamactl/contract/phrases';
import { ApiError, type ErrorCode, type Problem } from '@llamactl/contract/errors';
import type { CreateInstance, OptionValue, UpdateInstance } from '@llamactl/contract/instance';
import { mergeJson, mergePatch } from './merge-patch.ts';
import { MASK } from './secret-words.ts';
import type { EngineAdapter, Engines, SettingsProblem } from '../ports/engine-adapter.ts';
import type { JsonObject, Settings, WithFiles } from '../ports/instance-record.ts';

/** The settings of a new instance: the given values, and the contract's defaults for the others. */
export function newSettings(body: WithFiles<Omit<CreateInstance, 'name' | 'port'>>): Settings {
  return withoutUndefined({
    engine: body.engine ?? 'llama_cpp',
    model: body.model,
    model_path: body.model_path,
    companions: body.companions,
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
    request_defaults: unlessEmpty(body.request_defaults),
    request_strip: body.request_strip,
    system_prompt: body.system_prompt,
    preset: body.preset,
    isolated: body.isolated,
    keep_context: body.keep_context,
  });
}

/** The settings that a document specifies for an instance. Omitted ones get their defaults, even if they were set before. */
export function wantedSettings(body: WithFiles<CreateInstance>, stored: Settings | null): Settings {
  const { environment = {} } = body;
  return newSettings({ ...body, environment: withoutMasks(environment, stored?.environment ?? {}) });
}

/** Variables whose value is just the mask of a secret. */
export function maskedVariables({ environment }: Settings): string[] {
  return Object.keys(environment).filter((name) => environment[name] === MASK);
}

/** The settings after a merge patch (RFC 7396); a removed setting gets its default. */
export function patchedSettings(stored: Settings, patch: WithFiles<UpdateInstance>, adapter: EngineAdapter): Settings {
  const { options, environment, request_defaults, companions, ...replaced } = patch;
  // A file that the user gives is no longer the one of the named model.
  const isNewFile = replaced.model_path !== undefined && replaced.model === undefined;
  const isSameModel = replaced.model === undefined && replaced.model_path === undefined;
  return newSettings({
    ...stored,
    ...(isNewFile && { model: undefined }),
    ...withoutNulls(replaced),
    companions: isSameModel ? stored.companions : companions,
    options: mergeOptions(stored, options, adapter),
    environment: mergeEnvironment(stored.environment, environment),
    request_defaults: mergeDefaults(stored.request_defaults, request_defaults),
  });
}

/** A `null` in a patch removes the setting, as if it had never been set. A setting that is not given stays. */
function withoutNulls<T extends object>(patch: T): { [Key in keyof T]?: Exclude<T[Key], null> } {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, (value as unknown) ?? undefined])) as {
    [Key in keyof T]?: Exclude<T[Key], null>;
  };
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
  return patch === null ? undefined : unlessEmpty(mergeJson(stored ?? {}, patch));
}

/** An export would show an empty object, which says nothing. */
function unlessEmpty(defaults: JsonObject | undefined): JsonObject | undefined {
  return defaults === undefined || Object.keys(defaults).length === 0 ? undefined : defaults;
}

/** Replaces each mask by the stored value. */
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

/**
 * Returns the adapter for an engine's name.
 *
 * @throws `VALIDATION_ERROR` that lists the known engines
 */
export function adapterFor(engines: Engines, name: string): EngineAdapter {
  const adapter = engines.find(name);
  if (adapter === null) throw unknownEngine(engines, name);
  return adapter;
}

/** The error for an engine that is not configured. */
export function unknownEngine(engines: Engines, name: string): ApiError {
  return refused([unknownEngineProblem(engines, name)]);
}

/** Engines that the configuration knows, but this version cannot run. */
const PLANNED_ENGINES = new Set(['vllm', 'mlx']);

function unknownEngineProblem(engines: Engines, name: string): SettingsProblem {
  const planned = PLANNED_ENGINES.has(name) ? ', which this version does not run yet' : '';
  const message = `cannot be ${JSON.stringify(name)}${planned}; it can be ${engines.names().join(', ')}`;
  return { code: 'VALIDATION_ERROR', path: 'engine', message };
}

/**
 * Checks settings as a whole, and returns the warnings.
 *
 * @param defined The names that settings can refer to.
 * @param stored The settings before the change; `null`: the instance is new.
 * @throws one error with every problem
 */
export async function checkSettings(
  settings: Settings,
  adapter: EngineAdapter,
  defined: DefinedNames,
  stored: Settings | null,
): Promise<string[]> {
  const { problems, warnings } = await judgeSettings(settings, adapter, defined, stored);
  if (problems.length > 0) throw refused(problems);
  return warnings;
}

/** Returns the problems instead of throwing, including an unknown engine. For callers that collect more problems. */
export async function settingsProblems(
  settings: Settings,
  engines: Engines,
  defined: DefinedNames,
  stored: Settings | null,
  mostWarnings: number,
): ReturnType<EngineAdapter['check']> {
  const adapter = engines.find(settings.engine);
  if (adapter !== null) return judgeSettings(settings, adapter, defined, stored, mostWarnings);
  return { problems: [unknownEngineProblem(engines, settings.engine)], warnings: [] };
}

async function judgeSettings(
  settings: Settings,
  adapter: EngineAdapter,
  defined: DefinedNames,
  stored: Settings | null,
  mostWarnings?: number,
): ReturnType<EngineAdapter['check']> {
  const { known, fresh } = keptVariables(settings, stored);
  const { problems, warnings: found } = await adapter.check({ ...settings, environment: fresh }, mostWarnings);
  const kept = Object.keys(known).length === 0 ? [] : await variableWarnings(settings, known, adapter);
  const warnings = [...found, ...kept];
  const missing: SettingsProblem[] =
    adapter.needsModel && settings.model_path === undefined
      ? [
          {
            code: 'VALIDATION_ERROR',
            path: 'model_path',
            message: 'is required: the path of the model file',
            phrase: phrase('model_path_missing'),
          },
        ]
      : [];
  return {
    problems: [...missing, ...problems],
    warnings: [...warnings, ...unknownNames(settings, defined), ...uselessIdleTime(settings, defined)],
  };
}

/** Splits the variables into those that equal their stored value, and the others. */
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
 * Returns warnings for stored variables that are no longer allowed for the engine. They were allowed when they were
 * stored, so they stay and the instance can be edited. A start of the instance fails and names them.
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

/** Names that the configuration defines. */
export interface DefinedNames {
  groups: readonly string[];
  /** Those of the groups whose members are pinned. */
  pinnedGroups: readonly string[];
  presets: readonly string[];
}

/**
 * Warns of an unknown group or preset. That is no error: the configuration may define the name later, and a fleet
 * document may come from another machine.
 */
function unknownNames({ group, preset }: Settings, { groups, presets }: DefinedNames): string[] {
  const known = presets.length === 0 ? 'it has no presets' : `its presets: ${presets.join(', ')}`;
  return [
    ...(group === undefined || groups.includes(group)
      ? []
      : [`group ${JSON.stringify(group)} is not in the configuration, so it limits nothing`]),
    ...(preset === undefined || presets.includes(preset)
      ? []
      : [`preset ${JSON.stringify(preset)} is not in the configuration, so it adds nothing; ${known}`]),
  ];
}

function uselessIdleTime(
  { pinned, group, idle_timeout: idle = 0 }: Settings,
  { pinnedGroups }: DefinedNames,
): string[] {
  const isOfGroup = group !== undefined && pinnedGroups.includes(group);
  if (idle === 0 || (pinned !== true && !isOfGroup)) return [];
  const by = pinned === true ? 'it is pinned' : `its group ${JSON.stringify(group)} is pinned`;
  return [`idle_timeout has no effect: ${by}, so it does not stop when idle`];
}

/** Error codes by gravity: never allowed, then allowed with a privilege, then invalid, then taken. */
const GRAVEST_FIRST: readonly ErrorCode[] = [
  'RESERVED_OPTION',
  'PRIVILEGED_OPTION',
  'VALIDATION_ERROR',
  'ALIAS_CONFLICT',
  'PORT_CONFLICT',
];

/** One error for all problems, with the code of the gravest. */
export function refused(problems: readonly (Problem & { code: ErrorCode })[]): ApiError {
  const code = GRAVEST_FIRST.find((each) => problems.some((problem) => problem.code === each)) ?? 'VALIDATION_ERROR';
  const first = problems.find((problem) => problem.code === code);
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new ApiError(
    code,
    sentence(`${first === undefined ? 'The settings are invalid' : subjectAndMessage(first)}${more}`),
    {
      problems: problems.map(withoutCode),
    },
  );
}

/** A problem as answers have it. */
export function withoutCode({ path, message, phrase: asData }: Problem): Problem {
  return { path, message, ...(asData === undefined ? {} : { phrase: asData }) };
}

/** Begins a message that continues its path: `options.threads needs a value`. Other messages are whole sentences. */
const VERB = /^(?:can|cannot|is|may|must|needs|runs|takes|was) /;

function subjectAndMessage({ path, message }: Problem): string {
  return VERB.test(message) ? `${path} ${message}` : `${path}: ${message}`;
}

/** Adds a full stop, unless the text ends with a question ("did you mean …?"). */
function sentence(text: string): string {
  return text.endsWith('?') ? text : `${text}.`;
}
