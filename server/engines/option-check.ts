import { LOAD_MODE, OLLAMA_ALONE, OLLAMA_OPTIONS } from '@llamactl/contract/ollama-options';
import { MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { OptionValue } from '@llamactl/contract/instance';
import { phrase, type Phrase } from '@llamactl/contract/phrases';
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
    if (twin !== undefined)
      return invalid(key, {
        message: `is the same option as \`${shown(twin)}\`; give one of them`,
        phrase: phrase('same_option', { option: shown(twin) }),
      });
    first.set(identity, key);
    if (catalogue === null) return null;
    const match = findOption(key, catalogue);
    const fault = match === null ? unknownOption(key, catalogue) : valueProblem(match, value);
    return fault === null ? null : invalid(key, fault);
  };
}

/** A sentence about an option, and the same as data. */
interface Fault {
  message: string;
  phrase: Phrase;
}

function invalid(key: string, fault: Fault): SettingsProblem {
  return { code: 'VALIDATION_ERROR', path: `options.${shown(key)}`, ...fault };
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

function unknownOption(key: string, catalogue: FlagCatalogue): Fault {
  if (OLLAMA_ALONE.has(key)) {
    return { message: 'is a parameter of Ollama without a counterpart here', phrase: phrase('option_of_ollama') };
  }
  const { options } = suggestibleNames(catalogue);
  const mode = LOAD_MODE_FOR.get(key);
  if (mode !== undefined && options.includes(LOAD_MODE)) {
    const replacement = `${LOAD_MODE}: ${mode}`;
    return {
      message: `is not an option of this engine; \`${replacement}\` replaces it`,
      phrase: phrase('unknown_option', { replacement }),
    };
  }
  const counterpart = OF_OTHERS.get(key) ?? '';
  const meant = options.includes(counterpart) ? counterpart : (suggestion(key, options) ?? onlyBegunBy(key, options));
  return {
    message: `is not an option of this engine${meant === null ? '' : `; did you mean \`${meant}\`?`}`,
    phrase: phrase('unknown_option', { meant: meant ?? undefined }),
  };
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

function valueProblem(match: FlagMatch, value: OptionValue): Fault | null {
  const { entry } = match;
  if (entry.removed !== null) {
    return {
      message: `was removed from this engine${entry.removed === '' ? '' : `: ${entry.removed}`}`,
      phrase: phrase('removed_option'),
    };
  }
  if (typeof value === 'boolean') {
    if (entry.valueCount === 0 || booleanWord(entry, value) !== null) return null;
    if (!value && isCompanionFlag(entry)) return null;
    const placeholder = entry.placeholder ?? 'VALUE';
    return { message: `needs a value: ${placeholder}`, phrase: phrase('needs_value', { placeholder }) };
  }
  if (match.negated || entry.valueCount === 0) {
    return { message: 'is a switch: give true or false', phrase: phrase('needs_switch') };
  }
  const items = [value].flat();
  if (entry.valueCount > 1 && items.length !== entry.valueCount) {
    const placeholder = `[${entry.placeholder?.split(' ').join(', ')}]`;
    return {
      message: `takes ${entry.valueCount} values: give a list ${placeholder}`,
      phrase: phrase('needs_value', { placeholder }),
    };
  }
  const { allowed } = entry;
  if (allowed === null) return entry.placeholder === 'N' ? numberProblem(items.map(argumentText), entry) : null;
  const accepted = allowed.includes('on') ? [...allowed, ...SWITCH_WORDS] : allowed;
  const wrong = items.map(argumentText).find((item) => !accepted.includes(item));
  if (wrong === undefined) return null;
  const names = allowed.join(', ');
  return {
    message: `cannot be ${JSON.stringify(shown(wrong))}; it can be ${names}`,
    phrase: phrase('value_not_allowed', { value: shown(wrong), allowed: names }),
  };
}

/** A whole number or fraction. llama-server ignores the text behind a number, so it reads `8k` as 8. */
const NUMBER = /^\s*[+-]?(?:0x[\da-f]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?f?|inf(?:inity)?|nan)\s*$/i;

/** The placeholder `N` means a number, or a word that the help quotes: `either an exact number, 'auto', or 'all'`. */
function numberProblem(items: readonly string[], { description, default: usual }: FlagEntry): Fault | null {
  const words = [...description.matchAll(/'([a-z]+)'/g)].map(([, word = '']) => word);
  const wrong = items.find((item) => !NUMBER.test(item) && item !== usual && !words.includes(item));
  if (wrong === undefined) return null;
  const names = words.length === 0 ? undefined : words.join(', ');
  return {
    message: `needs a number${names === undefined ? '' : ` or ${names}`}, not ${JSON.stringify(shown(wrong))}`,
    phrase: phrase('needs_number', { value: shown(wrong), words: names }),
  };
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
