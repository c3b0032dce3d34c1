import type { ConfigView, EngineOption, Instance } from '@llamactl/client';

/** Where a value comes from. `unknown`: the record does not say whether it was set, and this reader does not see the default. */
export type SettingSource = 'set' | 'default' | 'unknown';

/** One setting as the page lists it. */
export interface Setting {
  key: string;
  /** `null`: there is no value. */
  value: string | null;
  source: SettingSource;
  /** The engine's own default; `null`: unknown, or no option of an engine. */
  engineDefault: string | null;
  /** Its effect, in the words of the engine's help; `null`: unknown. */
  description: string | null;
}

type Value = string | number | boolean | readonly (string | number)[] | Readonly<Record<string, unknown>> | undefined;

/** Shows a value as JSON, but a text as it is. */
export function valueText(value: Value): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value !== 'object') return String(value);
  if (isList(value)) return value.length === 0 ? null : value.join(', ');
  return Object.keys(value).length === 0 ? null : JSON.stringify(value);
}

function isList(value: object): value is readonly (string | number)[] {
  return Array.isArray(value);
}

/** The options of the engine that are set, with what its help says. */
export function optionSettings(instance: Pick<Instance, 'options'>, known: readonly EngineOption[]): Setting[] {
  const byKey = new Map(known.map((option) => [option.key, option]));
  return Object.entries(instance.options).map(([key, value]) => ({
    key,
    value: valueText(value),
    source: 'set',
    engineDefault: byKey.get(key)?.default ?? null,
    description: byKey.get(key)?.description ?? null,
  }));
}

/** The defaults that the configuration of the server has for all instances. */
export type ServerDefaults = Pick<ConfigView['config']['instances'], 'auto_restart' | 'max_restarts' | 'idle_timeout'>;

/** How llamactl runs the instance. @param defaults `null`: the reader may not see the configuration. */
export function behaviourSettings(instance: Instance, defaults: ServerDefaults | null): Setting[] {
  const server = (key: keyof ServerDefaults): Setting => {
    const usual = defaults?.[key];
    if (usual === undefined) return { ...own(key, instance[key], undefined), source: 'unknown' };
    return own(key, instance[key], usual);
  };
  return [
    server('auto_restart'),
    server('max_restarts'),
    server('idle_timeout'),
    own('auto_start', instance.auto_start, true),
    own('on_demand', instance.on_demand, true),
    own('pinned', instance.pinned, false),
    own('group', instance.group, undefined),
    own('isolated', instance.isolated, false),
    own('keep_context', instance.keep_context, 'off'),
    own('health_path', instance.health_path, undefined),
    own('command', instance.command, undefined),
    { ...own('port', instance.port, undefined), source: 'unknown' },
  ];
}

/** The changes that llamactl makes to requests, and their limits. */
export function servingSettings(instance: Instance): Setting[] {
  return [
    own('aliases', instance.aliases, []),
    own('unlisted', instance.unlisted, false),
    own('concurrency', instance.concurrency, undefined),
    own('queue_limit', instance.queue_limit, 1_000),
    own('upstream_model', instance.upstream_model, undefined),
    own('request_defaults', instance.request_defaults, {}),
    own('request_strip', instance.request_strip, []),
    own('system_prompt', instance.system_prompt, undefined),
    own('preset', instance.preset, undefined),
  ];
}

function own(key: string, value: Value, usual: Value): Setting {
  const isDefault = valueText(value) === valueText(usual);
  return {
    key,
    value: valueText(value),
    source: isDefault ? 'default' : 'set',
    engineDefault: null,
    description: null,
  };
}
