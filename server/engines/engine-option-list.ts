import type { EngineOption } from '@llamactl/contract/engine';
import { bareName, type FlagCatalogue, type FlagEntry } from './flags.ts';
import { guardOfEntry } from './guarded-flags.ts';

const NUMBER = /^-?\d+(\.\d+)?$/;
/** Placeholders of numbers in the help of llama-server. */
const NUMBER_PLACEHOLDER = /^(N|M|PORT|SECONDS|<\d+\.\.\.\d+>)$/;
/** A default such as `auto` or `unset`: the option accepts a word besides numbers. */
const WORD = /^[a-z]+$/;

/** The options that a catalogue lists, in its order, without those that the engine no longer has. */
export function engineOptions({ entries }: FlagCatalogue): EngineOption[] {
  return entries.filter(({ removed }) => removed === null).map(optionOf);
}

/** The name of a flag in `options`: `ctx_size` for `--ctx-size`. */
export function optionKey(spelling: string): string {
  return bareName(spelling).replaceAll('-', '_');
}

function optionOf(entry: FlagEntry): EngineOption {
  const guard = guardOfEntry(entry);
  return {
    key: optionKey(entry.spellings[0] ?? ''),
    flags: [...entry.spellings],
    type: optionType(entry),
    default: entry.default,
    choices: entry.allowed === null ? null : [...entry.allowed],
    group: entry.group,
    description: entry.description,
    variables: [...entry.variables],
    guard: guard === null ? null : { kind: guard.guard, why: guard.why },
  };
}

/** The kind of value of a flag. */
export function optionType({
  valueCount,
  separator,
  allowed,
  placeholder,
  default: usual,
}: FlagEntry): EngineOption['type'] {
  if (valueCount === 0) return 'switch';
  if (separator !== null || valueCount > 1) return 'list';
  if (allowed !== null) return 'choice';
  if (usual !== null && NUMBER.test(usual)) return 'number';
  const isNumber = NUMBER_PLACEHOLDER.test(placeholder ?? '') && !WORD.test(usual ?? '');
  return isNumber ? 'number' : 'text';
}
