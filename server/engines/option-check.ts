import { LOAD_MODE, OLLAMA_ALONE, OLLAMA_OPTIONS } from '@llamactl/contract/ollama-options';
import { MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { OptionValue } from '@llamactl/contract/instance';
import type { SettingsProblem } from '../instances/ports/engine-adapter.ts';
import type { FlagCatalogue, FlagEntry, FlagMatch } from './flags.ts';
import { isCompanionFlag } from './llama-cpp-companions.ts';
import { guardOfEntry } from './guarded-flags.ts';
import { optionKey } from './engine-option-list.ts';
import { suggestion } from '../suggestion.ts';
import { argumentText, booleanWord, findOption, optionIdentity } from './option-arguments.ts';

/** Values that llama-server accepts for on and off where the help lists `on` (measured on b11669). */
const SWITCH_WORDS = ['on', 'off', 'true', 'false', 'enabled', 'disabled', '1', '0'];

/** Longer words are cut in messages. */
const LONGEST_WORD = 60;
/** Names to suggest, cached by catalogue: collecting them costs more than comparing. */
const suggestible = new WeakMap<FlagCatalogue, { options: string[]; spellings: string[] }>();

/**
 * Creates a check of options against the engine's flags; call it for one option after the other. The check finds an
 * option that is given under two names, is unknown, or has a value that the engine does not accept. Without a
 * catalogue, it finds only options under two names, as far as the names themselves show that.
 */
export function optionFaults(
  catalogue: FlagCatalogue | null,
): (key: string, value: OptionValue) => SettingsProblem | null {
  const first = new Map<string, string>();
  return (key, value) => {
    const identity = optionIdentity(key, catalogue);
    const twin = first.get(identity);
    if (twin !== undefined) return invalid(key, `is the same option as \`${shown(twin)}\`; give one of them`);
    first.set(identity, key);
    if (catalogue === null) return null;
    const match = findOption(key, catalogue);
    const message = match === null ? unknownOption(key, catalogue) : valueProblem(match, value);
    return message === null ? null : invalid(key, message);
  };
}

function invalid(key: string, message: string): SettingsProblem {
  return { code: 'VALIDATION_ERROR', path: `options.${shown(key)}`, message };
}

/** A key as messages show it: cut if it is too long. */
function shown(key: string): string {
  return key.slice(0, LONGEST_WORD);
}

/**
 * Names of options in Ollama, llama-cpp-python and LM Studio. They do not resemble the engine's names, so
 * {@link suggestion} cannot find these.
 */
const OF_OTHERS: ReadonlyMap<string, string> = new Map([
  ...OLLAMA_OPTIONS,
  ['num_predict', 'n_predict'],
  ['max_tokens', 'n_predict'],
  ['ctx', 'ctx_size'],
  ['n_ctx', 'ctx_size'],
  ['context', 'ctx_size'],
  ['context_length', 'ctx_size'],
  ['n_batch', 'batch_size'],
  ['n_ubatch', 'ubatch_size'],
  ['n_threads', 'threads'],
]);

/** Options of older builds of llama-server, each as a value of {@link LOAD_MODE}. */
const LOAD_MODE_FOR: ReadonlyMap<string, string> = new Map([
  ['no_mmap', 'none'],
  ['mmap', 'mmap'],
  ['mlock', 'mmap+mlock'],
  ['direct_io', 'dio'],
]);

function unknownOption(key: string, catalogue: FlagCatalogue): string {
  if (OLLAMA_ALONE.has(key)) return 'is a parameter of Ollama without a counterpart here';
  const { options } = suggestibleNames(catalogue);
  const mode = LOAD_MODE_FOR.get(key);
  if (mode !== undefined && options.includes(LOAD_MODE))
    return `is not an option of this engine; \`${LOAD_MODE}: ${mode}\` replaces it`;
  const counterpart = OF_OTHERS.get(key) ?? '';
  const meant = options.includes(counterpart) ? counterpart : (suggestion(key, options) ?? onlyBegunBy(key, options));
  return `is not an option of this engine${meant === null ? '' : `; did you mean \`${meant}\`?`}`;
}

/** The option whose name the key begins: `yarn_attn` for `yarn_attn_factor`. `null`: none or several. */
function onlyBegunBy(key: string, options: readonly string[]): string | null {
  const [first = null, ...others] = options.filter((option) => option.startsWith(`${key.replaceAll('-', '_')}_`));
  return others.length === 0 ? first : null;
}

function suggestibleNames(catalogue: FlagCatalogue): { options: string[]; spellings: string[] } {
  const names = suggestible.get(catalogue) ?? {
    options: freeNames(catalogue),
    spellings: catalogue.entries.flatMap((entry) => [...entry.spellings, ...entry.negations]),
  };
  suggestible.set(catalogue, names);
  return names;
}

/** The unguarded options, by their long names in snake_case. */
function freeNames(catalogue: FlagCatalogue): string[] {
  const free = catalogue.entries.filter((entry) => entry.removed === null && guardOfEntry(entry) === null);
  return [
    'context_size',
    ...free
      .flatMap((entry) => [...entry.spellings, ...entry.negations])
      .filter((spelling) => spelling.startsWith('--'))
      .map(optionKey),
  ];
}

function valueProblem(match: FlagMatch, value: OptionValue): string | null {
  const { entry } = match;
  if (entry.removed !== null) {
    return `was removed from this engine${entry.removed === '' ? '' : `: ${entry.removed}`}`;
  }
  if (typeof value === 'boolean') {
    if (entry.valueCount === 0 || booleanWord(entry, value) !== null) return null;
    if (!value && isCompanionFlag(entry)) return null;
    return `needs a value: ${entry.placeholder ?? 'VALUE'}`;
  }
  if (match.negated || entry.valueCount === 0) return 'is a switch: give true or false';
  const items = [value].flat();
  if (entry.valueCount > 1 && items.length !== entry.valueCount) {
    return `takes ${entry.valueCount} values: give a list [${entry.placeholder?.split(' ').join(', ')}]`;
  }
  const { allowed } = entry;
  if (allowed === null) return entry.placeholder === 'N' ? numberProblem(items.map(argumentText), entry) : null;
  const accepted = allowed.includes('on') ? [...allowed, ...SWITCH_WORDS] : allowed;
  const wrong = items.map(argumentText).find((item) => !accepted.includes(item));
  return wrong === undefined ? null : `cannot be ${JSON.stringify(shown(wrong))}; it can be ${allowed.join(', ')}`;
}

/** The beginning of a number, as `std::stoi` and `std::stof` read it. They ignore the rest of the text. */
const NUMBER = /^\s*[+-]?(?:\.?\d|inf|nan)/i;

/** The placeholder `N` means a number, or a word that the help quotes: `either an exact number, 'auto', or 'all'`. */
function numberProblem(items: readonly string[], { description, default: usual }: FlagEntry): string | null {
  const words = [...description.matchAll(/'([a-z]+)'/g)].map(([, word = '']) => word);
  const wrong = items.find((item) => !NUMBER.test(item) && item !== usual && !words.includes(item));
  if (wrong === undefined) return null;
  return `needs a number${words.length === 0 ? '' : ` or ${words.join(', ')}`}, not ${JSON.stringify(shown(wrong))}`;
}

/**
 * Warnings about flags in `extra_args` that the engine's help does not list. They are no errors, because a flag may be
 * newer.
 *
 * @param most Number of warnings after which the check stops, with a note; 0: no check.
 */
export function extraArgumentWarnings(
  extraArguments: readonly string[],
  catalogue: FlagCatalogue,
  most = MOST_PROBLEMS,
): string[] {
  const warnings: string[] = [];
  if (most <= 0) return warnings;
  for (let index = 0; index < extraArguments.length; index += 1) {
    if (warnings.length === most) return [...warnings, `extra_args: checking stopped at extra_args.${index}`];
    const argument = extraArguments[index] ?? '';
    const match = catalogue.findArgument(argument);
    if (match?.entry.removed)
      warnings.push(`extra_args.${index}: \`${shown(argument)}\` was removed from this engine: ${match.entry.removed}`);
    if (match !== null) index += match.negated ? 0 : match.entry.valueCount;
    else if (/^-{1,2}[A-Za-z]/.test(argument))
      warnings.push(`extra_args.${index}: ${unknownArgument(argument, catalogue)}`);
  }
  return warnings;
}

/** The flag of the engine that was probably meant by an unknown one; `null`: none is like it. */
export function meantFlag(flag: string, catalogue: FlagCatalogue): string | null {
  return suggestion(flag, suggestibleNames(catalogue).spellings);
}

function unknownArgument(argument: string, catalogue: FlagCatalogue): string {
  const [flag = argument] = argument.split('=');
  if (flag !== argument && catalogue.findArgument(flag) !== null) {
    return `\`${shown(flag)}\` takes its value as an argument of its own, not after \`=\``;
  }
  const meant = meantFlag(flag, catalogue);
  return `\`${shown(flag)}\` is not a flag of this engine${meant === null ? '' : `; did you mean \`${meant}\`?`}`;
}
