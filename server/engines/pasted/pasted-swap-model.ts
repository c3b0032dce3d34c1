import { isRecord } from '@llamactl/contract/record';
import { JsonValueSchema } from '@llamactl/contract/request-additions';
import { z } from 'zod';
import { macroProblem, type PastedMacros } from './pasted-macros.ts';
import { readPastedCommand, withoutComments } from './pasted-command.ts';
import { PastedSettings, type PastedTerms } from './pasted-settings.ts';
import { type SwapEngine, swapEngine } from './pasted-swap-engine.ts';
import { FILTER_KEYS, MODEL_KEYS, unknownKey } from './pasted-swap-keys.ts';
import type { SwapEntry } from './pasted-swap-text.ts';

export const SwapMacrosSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** A model of a llama-swap configuration, as far as settings of an instance exist for it. */
const SwapModelSchema = z.looseObject({
  cmd: z.string(),
  macros: SwapMacrosSchema.optional(),
  env: z.array(z.string()).optional(),
  aliases: z.array(z.union([z.string(), z.looseObject({ id: z.string() })])).optional(),
  ttl: z.number().optional(),
  unlisted: z.boolean().optional(),
  useModelName: z.string().optional(),
  checkEndpoint: z.string().optional(),
  concurrencyLimit: z.number().optional(),
  filters: z
    .looseObject({
      stripParams: z.string().optional(),
      /** The older name, which counts without the newer one. */
      strip_params: z.string().optional(),
      setParams: z.record(z.string(), JsonValueSchema).optional(),
    })
    .optional(),
});
type SwapModel = z.infer<typeof SwapModelSchema>;

/** Why a field of a model is dropped. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['proxy', 'llamactl reaches the engine by its own port'],
  ['cmdStop', 'llamactl ends the engine itself, after its requests'],
  ['healthCheckTimeout', '`instances.start_timeout` of the configuration is that of all instances'],
  ['timeouts', 'the engine is on this machine, and answers have no time limit'],
  ['name', 'lists show the name of the instance'],
  ['sendLoadingState', 'a stream gets comments until its model is loaded: `gateway.loading_keepalive`'],
]);
const BY_ID =
  'needs an instance of its own, with the names in `request_strip` and the values in `request_defaults`: docs/how-to/from-llama-swap.md has an example';

/** The settings of the configuration that a model's own settings refer to. */
export interface SwapCommon {
  macros: PastedMacros;
  /** `globalTTL`; `null`: not given. */
  globalTtl: number | null;
}

/** A model that cannot be read. */
export interface UnreadSwapModel {
  /** The end of a sentence. */
  why: string;
  /** How a custom engine runs its program, and the settings that an instance of that engine has; left out: none can. */
  other?: { engine: SwapEngine; settings: PastedSettings };
}

/** Reads one model of a llama-swap configuration. */
export function readSwapModel(
  { name, values, lines }: SwapEntry,
  { macros: common, globalTtl }: SwapCommon,
  terms: PastedTerms,
): PastedSettings | UnreadSwapModel {
  const { data: model, error } = SwapModelSchema.safeParse(values);
  if (model === undefined) return { why: schemaProblem(error, values, lines) };
  const macros = common.with(model.macros ?? {});
  const filled = (text: string): string => macros.fill(text, name);
  // llama-swap removes comments first: they may name macros.
  const command = filled(withoutComments(model.cmd));
  const env = (model.env ?? []).map(filled);
  const endpoint = model.checkEndpoint === undefined ? undefined : filled(model.checkEndpoint);
  const unknown = [command, ...env, endpoint ?? '', ...filterTexts(model.filters ?? {}).map(filled)]
    .map(macroProblem)
    .find((problem) => problem !== null);
  if (unknown !== undefined) return { why: unknown };
  const settings = new PastedSettings(terms);
  if (name !== null) {
    settings.nameAfter(name);
    if (settings.name !== name) settings.alias(name, name);
  }
  readVariables(env, settings);
  for (const alias of model.aliases ?? []) {
    const id = typeof alias === 'string' ? alias : alias.id;
    settings.alias(id, `aliases: ${id}`);
  }
  readIdleTime(model.ttl, globalTtl, settings);
  readPlainFields(model, settings);
  readFilters(model.filters ?? {}, filled, settings);
  for (const key of Object.keys(model))
    if (!Object.hasOwn(SwapModelSchema.shape, key))
      settings.drop(withValue(key, model[key]), REASONS.get(key) ?? unknownKey(key, MODEL_KEYS));
  const read = readPastedCommand(command, settings);
  if (!('problem' in read)) {
    if (endpoint !== undefined) settings.drop('checkEndpoint', 'llamactl knows the health check of llama-server');
    return settings;
  }
  const { problem, words } = read;
  if (words === undefined) return { why: problem };
  if (settings.name === undefined) return { why: `${problem}; a custom engine in the configuration can run it` };
  return { why: problem, other: { engine: swapEngine(words, { checkEndpoint: endpoint, env }), settings } };
}

function schemaProblem({ issues: [issue] }: z.ZodError, values: unknown, lines: SwapEntry['lines']): string {
  const [key, ...rest] = issue?.path ?? [];
  if (key === undefined) return 'is not a map with `cmd`';
  if (key === 'cmd') return 'has no text in `cmd`';
  const line = lines.get(String(key));
  const place = `\`${[key, ...rest].join('.')}\`${line === undefined ? '' : ` (line ${line})`}`;
  const value = isRecord(values) && rest.length === 0 ? values[String(key)] : undefined;
  // Lists and maps may have secrets.
  const shown =
    value === undefined || typeof value === 'object' ? 'a value' : JSON.stringify(value).slice(0, LONGEST_VALUE);
  const accepted = EXPECTED.get(issue?.code === 'invalid_type' ? issue.expected : '');
  return `has ${shown} in ${place}, where llama-swap accepts ${key === 'ttl' ? 'a number of seconds' : (accepted ?? 'other values')}`;
}

/** Longer values are cut in messages. */
const LONGEST_VALUE = 60;
/** The names of types in messages. */
const EXPECTED: ReadonlyMap<string, string> = new Map([
  ['number', 'a number'],
  ['boolean', 'true or false'],
  ['string', 'a text'],
  ['array', 'a list'],
  ['object', 'a map'],
  ['record', 'a map'],
]);

function readVariables(variables: readonly string[], settings: PastedSettings): void {
  for (const variable of variables) {
    const [key = '', value] = variable.split(/=(.*)/s);
    if (value === undefined) settings.drop(variable, 'has no value');
    else settings.variable(key, value, variable);
  }
}

/** A model without a `ttl`, or with -1, has that of the configuration. */
function readIdleTime(ttl: number | undefined, globalTtl: number | null, settings: PastedSettings): void {
  if (ttl !== undefined && ttl >= 0) settings.set('idle_timeout', ttl, `ttl: ${ttl}`);
  else if (globalTtl !== null) settings.set('idle_timeout', globalTtl, `globalTTL: ${globalTtl}`);
  else if (ttl !== undefined)
    settings.drop(`ttl: ${ttl}`, 'stands for `globalTTL`, which is not given; here it is `instances.idle_timeout`');
}

function readPlainFields({ unlisted, useModelName, concurrencyLimit }: SwapModel, settings: PastedSettings): void {
  if (unlisted !== undefined) settings.set('unlisted', unlisted, `unlisted: ${unlisted}`);
  if (useModelName !== undefined && useModelName !== '')
    settings.set('upstream_model', useModelName, `useModelName: ${useModelName}`);
  if (concurrencyLimit !== undefined && concurrencyLimit > 0)
    settings.set('concurrency', concurrencyLimit, `concurrencyLimit: ${concurrencyLimit}`);
}

/** The texts of filters in which llama-swap replaces macros. */
function filterTexts({
  stripParams = '',
  strip_params: older = '',
  setParams = {},
}: NonNullable<SwapModel['filters']>): string[] {
  return [stripParams, older, ...Object.values(setParams).filter((value) => typeof value === 'string')];
}

function readFilters(
  filters: NonNullable<SwapModel['filters']>,
  filled: (text: string) => string,
  settings: PastedSettings,
): void {
  const { stripParams = '', strip_params: older = '', setParams = {}, ...rest } = filters;
  const [spelling, fields] = stripParams === '' ? ['strip_params', older] : ['stripParams', stripParams];
  if (spelling === 'stripParams' && older !== '')
    settings.drop('filters.strip_params', 'is the older name of `filters.stripParams`, which counts');
  for (const field of filled(fields)
    .split(',')
    .map((each) => each.trim())) {
    // llama-swap never removes the model's name either.
    if (field !== '' && field !== 'model') settings.withoutRequestField(field, `filters.${spelling}: ${field}`);
  }
  for (const [key, value] of Object.entries(setParams))
    if (key === 'model') settings.drop('filters.setParams.model', 'the model of a request chooses its instance');
    else
      settings.requestField(
        key,
        typeof value === 'string' ? filled(value) : value,
        `filters.setParams.${key}: ${JSON.stringify(value)}`,
      );
  const { setParamsByID: byId, ...others } = rest;
  for (const [id, values] of Object.entries(isRecord(byId) ? byId : {}))
    settings.drop(`filters.setParamsByID.${id}: ${JSON.stringify(values)}`, BY_ID);
  if (byId !== undefined && !isRecord(byId)) settings.drop('filters.setParamsByID', 'is not a map');
  for (const key of Object.keys(others)) settings.drop(`filters.${key}`, unknownKey(key, FILTER_KEYS));
}

/** A field with its value, so that a changed one differs. Texts and lists may be long or secret. */
function withValue(key: string, value: unknown): string {
  const isShort = (each: unknown): boolean => typeof each === 'number' || typeof each === 'boolean';
  const isShown = isRecord(value) ? Object.values(value).every(isShort) : isShort(value);
  return isShown ? `${key}: ${JSON.stringify(value)}` : key;
}
