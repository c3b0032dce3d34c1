import type { Options, OptionValue } from '@llamactl/contract/instance';

const MASK = '***';

/**
 * Names whose value is a secret, in the spelling of flags. Tried: llama-server takes underscores for dashes, and programs
 * that are called by way of `env` get theirs as `HF_TOKEN=…`.
 */
const SECRET_NAME =
  /^(?:[a-z\d.-]*-)?(?:(?:api|access|auth|private|secret)-?key|token|hft|password|passwd|passphrase|secret|credentials?)$/;
/** What stands before the host of a URL. */
const URL_LOGIN = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/?#@]+@/gi;

/** The words of a command line with `***` in the place of every secret that can be told by the flag before it. */
export function maskedWords(words: readonly string[]): string[] {
  return words.map((word, index) => maskedWord(word, words[index - 1] ?? ''));
}

/** The same for options, whose names are flags. */
export function maskedOptions(options: Options): Options {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, maskedValue(name, value)]));
}

function maskedWord(word: string, before: string): string {
  if (before.startsWith('-') && isSecretName(before)) return MASK;
  const end = word.indexOf('=');
  if (end > 0 && isSecretName(word.slice(0, end))) return `${word.slice(0, end)}=${MASK}`;
  return withoutLogin(word);
}

function maskedValue(name: string, value: OptionValue): OptionValue {
  // A flag without a value gives nothing away.
  if (typeof value === 'boolean') return value;
  if (isSecretName(name)) return Array.isArray(value) ? value.map(() => MASK) : MASK;
  if (typeof value === 'string') return withoutLogin(value);
  return Array.isArray(value) ? value.map((each) => (typeof each === 'string' ? withoutLogin(each) : each)) : value;
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name.replace(/^-+/, '').replaceAll('_', '-').toLowerCase());
}

function withoutLogin(text: string): string {
  return text.replace(URL_LOGIN, `$1${MASK}@`);
}
