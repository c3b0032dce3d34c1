import type { Options, OptionValue } from '@llamactl/contract/instance';
import type { JsonValue } from '@llamactl/contract/request-additions';

/** Replaces a hidden secret; in an update it keeps the stored value. */
export const MASK = '***';

/**
 * Names whose value is a secret, spelled as flags. Tried: llama-server accepts underscores for dashes, and programs called
 * through `env` get variables as `HF_TOKEN=…`.
 */
const SECRET_NAME =
  /^(?:[a-z\d.-]*-)?(?:(?:api|access|auth|private|secret)-?key|token|hft|password|passwd|passphrase|secret|credentials?)$/;
/** The login before the host of a URL. */
const URL_LOGIN = /(\b[a-z][a-z\d+.-]*:\/\/)[^\s/?#@]+@/gi;

/**
 * Returns a command line with `***` for each secret: the value of a flag or variable with a secret name, or a URL's
 * login.
 */
export function maskedWords(words: readonly string[]): string[] {
  return words.map((word, index) => maskedWord(word, words[index - 1] ?? ''));
}

/** Masks secrets in options, whose names are flags. */
export function maskedOptions(options: Options): Options {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [name, maskedValue(name, value)]));
}

/**
 * Masks the secrets in any value: those in texts and lists as in a command line, and all values with a secret name.
 *
 * @param name of the value; '': none
 */
export function maskedJson(value: JsonValue, name = ''): JsonValue {
  // `null` and a switch reveal nothing.
  if (value === null || typeof value === 'boolean') return value;
  if (isSecretName(name)) return MASK;
  if (typeof value === 'string') return maskedText(value);
  if (Array.isArray(value))
    return isTexts(value) ? maskedWords(value).map(maskedText) : value.map((each) => maskedJson(each));
  if (typeof value === 'number') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskedJson(inner, key)]));
}

function isTexts(list: readonly JsonValue[]): list is string[] {
  return list.every((each) => typeof each === 'string');
}

/** A text of several words as {@link maskedWords} masks them. Keeps the spaces of a text without secrets. */
function maskedText(text: string): string {
  const words = text.split(/\s+/);
  const masked = maskedWords(words);
  return masked.every((word, index) => word === words[index]) ? text : masked.join(' ');
}

function maskedWord(word: string, before: string): string {
  if (before.startsWith('-') && isSecretName(before)) return MASK;
  const end = word.indexOf('=');
  if (end > 0 && isSecretName(word.slice(0, end))) return `${word.slice(0, end)}=${MASK}`;
  return withoutLogin(word);
}

function maskedValue(name: string, value: OptionValue): OptionValue {
  // A flag without a value reveals nothing.
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
