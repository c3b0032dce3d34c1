import type { EngineOption } from '@llamactl/client';
import type { OfferedKey } from '../components/code-surface.ts';

/** Settings that have settings of their own: `options.ctx_size`. */
export const NESTED: ReadonlySet<string> = new Set(['options', 'environment', 'request_defaults']);

/** Settings in the order of the form. A record of an instance has more fields, which no user sets. */
export const SETTINGS = [
  'name',
  'engine',
  'model',
  'model_path',
  'port',
  'options',
  'extra_args',
  'environment',
  'command',
  'health_path',
  'aliases',
  'unlisted',
  'auto_start',
  'auto_restart',
  'max_restarts',
  'on_demand',
  'idle_timeout',
  'pinned',
  'group',
  'concurrency',
  'queue_limit',
  'upstream_model',
  'request_defaults',
  'request_strip',
  'system_prompt',
  'preset',
  'isolated',
  'keep_context',
] as const;

/** Keys that an editor offers in the settings of one instance. @param names Around the key. */
export function instanceKeys(names: readonly string[], options: readonly EngineOption[]): readonly OfferedKey[] {
  if (names.length === 0) return SETTINGS.map((key) => ({ key, isMap: NESTED.has(key) }));
  if (names.length !== 1 || names[0] !== 'options') return [];
  return options
    .filter(({ guard }) => guard?.kind !== 'reserved')
    .map(({ key, default: standard, description }) => ({ key, detail: standard ?? undefined, info: description }));
}

/** Keys that an editor offers in a fleet file. */
export function fleetKeys(names: readonly string[], options: readonly EngineOption[]): readonly OfferedKey[] {
  if (names.length === 0) return [{ key: 'version', detail: '1' }, { key: 'instances' }];
  const [list, item, ...rest] = names;
  return list === 'instances' && item === '[]' ? instanceKeys(rest, options) : [];
}
