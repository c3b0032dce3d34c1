import { isMap, isScalar, parseDocument } from 'yaml';
import { z } from 'zod';
import { PastedMacros } from './pasted-macros.ts';
import { PastedSettings } from './pasted-settings.ts';

/** A model of a llama-swap configuration, as far as settings of an instance exist for it. */
const SwapModelSchema = z.looseObject({
  cmd: z.string(),
  env: z.array(z.string()).optional(),
  aliases: z.array(z.string()).optional(),
  ttl: z.number().optional(),
  unlisted: z.boolean().optional(),
  useModelName: z.string().optional(),
  concurrencyLimit: z.number().optional(),
});
type SwapModel = z.infer<typeof SwapModelSchema>;

const MacrosSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const ConfigurationSchema = z.looseObject({
  models: z.record(z.string(), SwapModelSchema),
  macros: MacrosSchema.optional(),
});
const SingleSchema = z.record(z.string(), SwapModelSchema);

const KNOWN = new Set([...Object.keys(SwapModelSchema.shape), 'macros']);
/** Why a field of a model is dropped. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['proxy', 'llamactl reaches the engine by its own port'],
  ['checkEndpoint', 'llamactl knows the health check of llama-server'],
  ['cmdStop', 'llamactl ends the engine itself, after its requests'],
  ['filters', 'set `request_strip` and `request_defaults` by hand'],
]);
/** The outermost map has `models`, each model has a map, and a model may have `macros`. */
const DEPTH = 3;

/**
 * The models of a llama-swap configuration, with their commands; `null`: the text is none.
 *
 * @throws {ApiError} `VALIDATION_ERROR`: its macros make too long texts
 */
export function readSwapModels(text: string): { settings: PastedSettings; command: string }[] | null {
  const value = yamlIn(text);
  const whole = ConfigurationSchema.safeParse(value).data;
  const macros = new PastedMacros(whole?.macros ?? {});
  const models = whole?.models ?? SingleSchema.safeParse(value).data;
  if (models !== undefined && (whole !== undefined || Object.keys(models).length > 0))
    return Object.entries(models).map(([name, model]) => readModel(name, model, macros));
  const single = SwapModelSchema.safeParse(value).data;
  return single === undefined ? null : [readModel(null, single, macros)];
}

/** The value of a YAML text; `undefined`: it is none, or has a name twice. */
function yamlIn(text: string): unknown {
  // The library's check compares every pair of names.
  const document = parseDocument(text, { logLevel: 'silent', uniqueKeys: false });
  if (document.errors.length > 0 || hasNameTwice(document.contents, DEPTH)) return undefined;
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    // An alias without its anchor, or aliases that make a huge value.
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function hasNameTwice(node: unknown, depth: number): boolean {
  if (!isMap(node)) return false;
  const names = new Set(node.items.map(({ key }) => (isScalar(key) ? key.value : key)));
  if (names.size < node.items.length) return true;
  return depth > 0 && node.items.some(({ value }) => hasNameTwice(value, depth - 1));
}

function readModel(
  name: string | null,
  model: SwapModel,
  common: PastedMacros,
): { settings: PastedSettings; command: string } {
  const settings = new PastedSettings();
  const macros = common.with(MacrosSchema.safeParse(model['macros']).data ?? {});
  const filled = (text: string): string => macros.fill(text, name);
  if (name !== null) {
    settings.nameAfter(name);
    if (settings.name !== name) settings.alias(name, name);
  }
  for (const variable of model.env ?? []) {
    const [key = '', value] = filled(variable).split(/=(.*)/s);
    if (value === undefined) settings.drop(variable, 'has no value');
    else settings.variable(key, value, variable);
  }
  for (const alias of model.aliases ?? []) settings.alias(alias, `aliases: ${alias}`);
  const { ttl, unlisted, useModelName, concurrencyLimit } = model;
  if (ttl !== undefined && ttl >= 0) settings.set('idle_timeout', ttl, `ttl: ${ttl}`);
  if (unlisted !== undefined) settings.set('unlisted', unlisted, `unlisted: ${unlisted}`);
  if (useModelName !== undefined && useModelName !== '')
    settings.set('upstream_model', useModelName, `useModelName: ${useModelName}`);
  if (concurrencyLimit !== undefined && concurrencyLimit > 0)
    settings.set('concurrency', concurrencyLimit, `concurrencyLimit: ${concurrencyLimit}`);
  for (const key of Object.keys(model))
    if (!KNOWN.has(key)) settings.drop(key, REASONS.get(key) ?? 'llamactl has no such setting');
  return { settings, command: filled(model.cmd) };
}
