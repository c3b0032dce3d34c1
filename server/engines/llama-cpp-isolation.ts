import type { SettingsProblem } from '../instances/ports/engine-adapter.ts';
import type { InstanceRecord } from '../instances/ports/instance-record.ts';
import type { FlagCatalogue } from './flags.ts';
import { optionIdentity } from './option-arguments.ts';

/** Turns off prompt caching. An engine without this flag cannot be isolated by its launch. */
const NO_CACHE = '--no-cache-prompt';
/**
 * Further flags: no prompt cache in memory, and no choice of a slot by its previous prompt. Either would make the time of a
 * request depend on the prompts of other callers.
 */
const MORE: readonly (readonly [flag: string, value: string])[] = [
  ['--cache-ram', '0'],
  ['--slot-prompt-similarity', '0'],
];
/** Fields of a body by which a request can reuse another request's prompt. */
const FIELDS = ['cache_prompt', 'id_slot'];

type Settings = InstanceRecord['settings'];

/** The arguments of an isolated instance that this engine supports; none if a launch cannot isolate this engine. */
export function isolationArguments({ isolated }: Settings, catalogue: FlagCatalogue | null): string[] {
  if (isolated !== true || catalogue === null || catalogue.findArgument(NO_CACHE) === null) return [];
  return [NO_CACHE, ...MORE.filter(([flag]) => catalogue.findArgument(flag) !== null).flat()];
}

/** Settings that contradict `isolated`. */
export function isolationProblems(
  { isolated, options, request_defaults: defaults = {} }: Settings,
  catalogue: FlagCatalogue | null,
): SettingsProblem[] {
  if (isolated !== true) return [];
  const taken = new Set(
    ['cache_prompt', 'cache_ram', 'slot_prompt_similarity'].map((key) => optionIdentity(key, catalogue)),
  );
  const problem = (path: string): SettingsProblem => ({
    code: 'VALIDATION_ERROR',
    path,
    message: 'is decided by `isolated`; leave it out, or set `isolated` to false',
  });
  return [
    ...Object.keys(options)
      .filter((key) => taken.has(optionIdentity(key, catalogue)))
      .map((key) => problem(`options.${key}`)),
    ...FIELDS.filter((field) => field in defaults).map((field) => problem(`request_defaults.${field}`)),
  ];
}
