import type { Instance, JsonValue, UpdateInstance } from '@llamactl/client';
import { FIELDS_OF_OLLAMA, OPTIONS_OF_OLLAMA } from '@llamactl/contract/ollama-options';
import { isDeepStrictEqual } from 'node:util';
import { fileWord } from '../modelfile/modelfile-of.ts';

/** A change of an instance that replaces all settings that a model of Ollama can have. */
export interface Replacement {
  patch: UpdateInstance;
  /** Settings that the instance had and loses: `system prompt`, `top_k`. */
  removed: string[];
  /** Whether the instance has all these settings already. */
  isSame: boolean;
  /** Settings that it had with another value: `system prompt`, `temperature 0.3 to 0.5`. */
  changed: string[];
  /** Settings that it gets, and had not: `system prompt`, `temperature 0.5`. */
  added: string[];
  /** Options that the instance keeps, although the model of Ollama has none of them: `threads`. */
  kept: string[];
}

/**
 * The settings that a replacement covers. `modelfile`: all that a Modelfile can say. `model`: the options of the engine that
 * the new settings lack stay, because users set them for their machine.
 */
export type Extent = 'modelfile' | 'model';

/**
 * Replaces the system prompt and the parameters of Ollama. All other settings of the instance stay.
 *
 * @param wanted The settings now; those that it lacks are removed, as far as `extent` covers them.
 */
export function replacement(
  { system_prompt: prompt, options, request_defaults: defaults }: Settings,
  wanted: UpdateInstance,
  extent: Extent,
): Replacement {
  const lackedOptions = lost(
    options,
    wanted.options,
    extent === 'modelfile' ? isOptionOfModelfile : (key) => OPTIONS_OF_OLLAMA.has(key),
  );
  const lostOptions = extent === 'modelfile' ? lackedOptions : [];
  const lostFields = lost(defaults, wanted.request_defaults, (key) => FIELDS_OF_OLLAMA.has(key));
  const isPromptLost = prompt !== undefined && wanted.system_prompt === undefined;
  const isPromptOther = prompt !== undefined && !isPromptLost && wanted.system_prompt !== prompt;
  const removed = [...(isPromptLost ? ['system prompt'] : []), ...lostFields, ...lostOptions];
  const changed = [
    ...(isPromptOther ? ['system prompt'] : []),
    ...otherValues(defaults, wanted.request_defaults),
    ...otherValues(options, wanted.options),
  ];
  const added = [
    ...(prompt === undefined && typeof wanted.system_prompt === 'string' ? ['system prompt'] : []),
    ...newValues(defaults, wanted.request_defaults),
    ...newValues(options, wanted.options),
  ];
  return {
    isSame: removed.length + changed.length + added.length === 0,
    patch: {
      ...wanted,
      ...(isPromptLost ? { system_prompt: null } : {}),
      ...patchOf('options', lostOptions, wanted.options),
      ...patchOf('request_defaults', lostFields, wanted.request_defaults),
    },
    removed,
    changed,
    added,
    kept: extent === 'model' ? lackedOptions : [],
  };
}

type Settings = Pick<Instance, 'system_prompt' | 'options' | 'request_defaults'>;
type Values = Readonly<Record<string, JsonValue>>;

function lost(
  now: Values,
  wanted: Values | null = {},
  isReplaced: (key: string, value: JsonValue) => boolean,
): string[] {
  const kept = wanted ?? {};
  return Object.entries(now)
    .filter(([key, value]) => isReplaced(key, value) && !(key in kept))
    .map(([key]) => key);
}

function patchOf(
  key: 'options' | 'request_defaults',
  keys: readonly string[],
  wanted: Values | null = {},
): UpdateInstance {
  if (keys.length === 0) return {};
  return { [key]: { ...Object.fromEntries(keys.map((each) => [each, null])), ...wanted } };
}

function otherValues(now: Values, wanted: Values | null = {}): string[] {
  return Object.entries(wanted ?? {}).flatMap(([key, value]) => {
    const before = now[key];
    if (before === undefined || value === null || isDeepStrictEqual(before, value)) return [];
    return [`${key} ${JSON.stringify(before)} to ${JSON.stringify(value)}`];
  });
}

function newValues(now: Values, wanted: Values | null = {}): string[] {
  return Object.entries(wanted ?? {}).flatMap(([key, value]) =>
    key in now || value === null ? [] : [`${key} ${JSON.stringify(value)}`],
  );
}

/** Whether a Modelfile can have an option. */
export function isOptionOfModelfile(key: string, value: JsonValue): boolean {
  return OPTIONS_OF_OLLAMA.has(key) || fileWord(key, value) !== undefined;
}

/** The end of a sentence about a change: `; changed: temperature 0.3 to 0.5; removed: top_k`. Empty: nothing changes. */
export function replacedText(change: Partial<Pick<Replacement, 'added' | 'changed' | 'removed' | 'kept'>>): string {
  return (['added', 'changed', 'removed', 'kept'] as const)
    .map((verb) => [verb, change[verb] ?? []] as const)
    .filter(([, settings]) => settings.length > 0)
    .map(([verb, settings]) => `; ${verb}: ${settings.join(', ')}`)
    .join('');
}
