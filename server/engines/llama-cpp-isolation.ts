import type { InstanceRecord, SettingsProblem } from '../instances/ports.ts';
import type { FlagCatalogue } from './flags.ts';
import { optionIdentity } from './option-arguments.ts';

/** Switches prompt caching off. Without it the engine is not isolated by its launch. */
const NO_CACHE = '--no-cache-prompt';
/**
 * Beside it: no cache of prompts in memory, and no choice of a slot by the prompt it had. Both cost time that depends on the
 * prompts of others.
 */
const MORE: readonly (readonly [flag: string, value: string])[] = [
  ['--cache-ram', '0'],
  ['--slot-prompt-similarity', '0'],
];
/** Fields of a body by which a request chooses to use the prompt of another. */
const FIELDS = ['cache_prompt', 'id_slot'];

type Settings = InstanceRecord['settings'];

/** The arguments of an isolated instance, as far as this engine has them; none where it cannot be isolated by its launch. */
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
