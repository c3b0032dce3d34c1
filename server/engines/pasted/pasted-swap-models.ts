import { parseDocument } from 'yaml';
import { z } from 'zod';
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
const REASONS: Readonly<Record<string, string>> = {
  proxy: 'llamactl reaches the engine by its own port',
  checkEndpoint: 'llamactl knows the health check of llama-server',
  cmdStop: 'llamactl ends the engine itself, after its requests',
  filters: 'set `request_strip` and `request_defaults` by hand',
};

/** The models of a llama-swap configuration, with their commands; `null`: the text is none. */
export function readSwapModels(text: string): { settings: PastedSettings; command: string }[] | null {
  const document = parseDocument(text, { logLevel: 'silent' });
  if (document.errors.length > 0) return null;
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const whole = ConfigurationSchema.safeParse(value).data;
  if (whole !== undefined)
    return Object.entries(whole.models).map(([name, model]) => readModel(name, model, whole.macros ?? {}));
  const several = SingleSchema.safeParse(value).data;
  if (several !== undefined && Object.keys(several).length > 0)
    return Object.entries(several).map(([name, model]) => readModel(name, model, {}));
  const single = SwapModelSchema.safeParse(value).data;
  return single === undefined ? null : [readModel(null, single, {})];
}

function readModel(
  name: string | null,
  model: SwapModel,
  macros: z.infer<typeof MacrosSchema>,
): { settings: PastedSettings; command: string } {
  const settings = new PastedSettings();
  const own = MacrosSchema.safeParse(model['macros']).data ?? {};
  const filled = (text: string): string =>
    withMacros(text, { ...macros, ...own, ...(name === null ? {} : { MODEL_ID: name }) });
  if (name !== null) {
    settings.nameAfter(name);
    if (!settings.hasName || settings.result().settings.name !== name) settings.alias(name, name);
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
    if (!KNOWN.has(key)) settings.drop(key, REASONS[key] ?? 'llamactl has no such setting');
  return { settings, command: filled(model.cmd) };
}

/** Replaces `${name}`. Macros may use others that come before them. */
function withMacros(text: string, macros: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(macros)
    .toReversed()
    .reduce((filled, [name, value]) => filled.replaceAll(`\${${name}}`, () => String(value)), text);
}
