import type { OptionValue } from '@llamactl/contract/instance';
import { bareName } from './flags.ts';
import type { FlagCatalogue, FlagEntry, FlagMatch } from './flags.ts';

/** Further names that `options` accepts for two flags of llama-server. */
const SEED_NAMES: ReadonlyMap<string, string> = new Map([
  ['context_size', 'ctx_size'],
  ['gpu_layers', 'n_gpu_layers'],
]);

/** The flag for an option's key; `null`: the engine has none, or its flags are unknown. */
export function findOption(key: string, catalogue: FlagCatalogue | null): FlagMatch | null {
  return catalogue?.find(key) ?? catalogue?.find(SEED_NAMES.get(key) ?? key) ?? null;
}

/** An identity that two keys share exactly when they are twins: spellings of one flag. */
export function optionIdentity(key: string, catalogue: FlagCatalogue | null): string {
  const [spelling] = findOption(key, catalogue)?.entry.spellings ?? [];
  return spelling ?? bareName(SEED_NAMES.get(key) ?? key).replace(/^no-/, '');
}

/** The stored options without twins of the `given` keys. */
export function withoutTwins(
  stored: Record<string, OptionValue>,
  given: readonly string[],
  catalogue: FlagCatalogue | null,
): Record<string, OptionValue> {
  const identities = new Set(given.map((key) => optionIdentity(key, catalogue)));
  const isReplaced = (key: string): boolean => !given.includes(key) && identities.has(optionIdentity(key, catalogue));
  return Object.fromEntries(Object.entries(stored).filter(([key]) => !isReplaced(key)));
}

/**
 * Translates options to arguments, in order. Never fails: options that `option-check` would refuse become arguments that
 * the engine refuses by name.
 */
export function optionArguments(options: Record<string, OptionValue>, catalogue: FlagCatalogue | null): string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    const match = findOption(key, catalogue);
    return match === null ? unknownArguments(SEED_NAMES.get(key) ?? key, value) : knownArguments(match, value);
  });
}

function knownArguments(match: FlagMatch, value: OptionValue): string[] {
  const { entry } = match;
  if (typeof value === 'boolean') return booleanArguments(match, value !== match.negated);
  const spelling = ownSpelling(match);
  if (!Array.isArray(value)) return [spelling, argumentText(value)];
  const items = value.map(argumentText);
  // b11669 uses only the last `--tensor-split` of several and warns about every flag that takes lists:
  // "specified multiple times, use comma-separated values instead".
  if (entry.separator !== null) return [spelling, items.join(entry.separator)];
  if (entry.valueCount > 1) return [spelling, ...items];
  return items.flatMap((item) => [spelling, item]);
}

function booleanArguments(match: FlagMatch, on: boolean): string[] {
  const { entry } = match;
  const word = booleanWord(entry, on);
  if (word !== null) return [ownSpelling(match), word];
  if (on) return entry.valueCount === 0 ? [ownSpelling(match)] : [ownSpelling(match), 'true'];
  const negation = match.negated ? match.spelling : `--no-${bareName(match.spelling)}`;
  const chosen = entry.negations.includes(negation) ? negation : entry.negations[0];
  return chosen === undefined ? [] : [chosen];
}

/** The value of a flag for true or false, as in `--flash-attn on`, `--cpu-strict 1`; `null`: none. */
export function booleanWord(entry: FlagEntry, on: boolean): string | null {
  const words = on ? ['on', '1', 'true'] : ['off', '0', 'false'];
  return words.find((word) => entry.allowed?.includes(word) === true) ?? null;
}

function ownSpelling({ entry, spelling }: FlagMatch): string {
  return entry.spellings.includes(spelling) ? spelling : (entry.spellings[0] ?? spelling);
}

/** Translates an option of an engine with unknown flags: the key becomes a long flag. */
export function unknownArguments(key: string, value: OptionValue): string[] {
  const name = bareName(key);
  const flag = name.length === 1 ? `-${name}` : `--${name}`;
  if (value === true) return [flag];
  // `no_x: false` means the default, and `--no-no-x` is not a flag.
  if (value === false) return name.startsWith('no-') ? [] : [`--no-${name}`];
  return [value].flat().flatMap((item) => [flag, argumentText(item)]);
}

/** The text of a value. Numbers have no exponent: the engine reads `1e3` as 1 (measured). */
export function argumentText(value: string | number | boolean): string {
  return typeof value === 'number' ? plainNumber(value) : String(value);
}

/** Writes a number in digits, without an exponent. The text parses as the same number. */
export function plainNumber(value: number): string {
  const parts = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value));
  if (parts === null) return String(value);
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}
