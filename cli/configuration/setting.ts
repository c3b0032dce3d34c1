import { reasonOf } from '@llamactl/contract/reason';
import { parse } from 'yaml';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

/** A name in quotes may have dots. */
const DOTTED = /^[a-z_](?:[\w.-]|"[^"]*")*$/;
/** Begins like another setting. */
const ASSIGNED = /^[a-z_](?:[\w.-]|"[^"]*")*=/;
/** A dot outside of quotes: an even number of quotes follows it. */
const SEPARATOR = /\.(?=(?:[^"]*"[^"]*")*[^"]*$)/;

/** A part of a configuration. */
type Section = Readonly<Record<string, unknown>>;

/**
 * The configuration patch of `KEY=VALUE` words, or of one setting as two words.
 *
 * @param config The present configuration, for names with dots; `null`: unknown.
 * @throws {Problem} when one of them is malformed
 */
export function patchOf(words: readonly string[], config: unknown = null): Section {
  const [key = '', text = ''] = words;
  if (words.length === 2 && DOTTED.test(key) && !ASSIGNED.test(text)) return patchOf([`${key}=${text}`], config);
  return words.reduce((patch: Section, word) => {
    const at = word.indexOf('=');
    if (at <= 0) {
      const next = words[words.indexOf(word) + 1];
      const value = next === undefined || next.includes('=') ? 'VALUE' : next;
      throw new Problem(`${word} has no value`, EXIT.usage, [`llamactl config set ${word}=${value}`]);
    }
    return withValue(patch, stepsOf(word.slice(0, at), config), valueOf(word.slice(at + 1)));
  }, {});
}

/** The patch that resets keys to their defaults. @param config As for {@link patchOf}. */
export function resetOf(keys: readonly string[], config: unknown = null): Section {
  return keys.reduce((patch: Section, key) => withValue(patch, stepsOf(key, config), null), {});
}

/** Whether only the configuration can show where the names of a key end: `engines.a.b.args`. */
export function mayHaveDottedName(word: string): boolean {
  const [key = ''] = word.split('=');
  return !key.includes('"') && key.split('.').length > 2;
}

/**
 * The names of a dotted key. A name that has dots itself is in quotes, `engines."a.b".args`, or is in the configuration,
 * if that allows one reading only.
 */
export function stepsOf(key: string, config: unknown): string[] {
  const parts = key.split(SEPARATOR);
  for (let kept = parts.length; kept > 0; kept -= 1) {
    const [first, ...others] = readings(config, parts.slice(0, kept));
    if (others.length > 0) break;
    if (first !== undefined) return [...first, ...parts.slice(kept).map(unquoted)];
  }
  return parts.map(unquoted);
}

/** All ways in which parts of a key lead to a value. */
function readings(config: unknown, parts: readonly string[]): string[][] {
  if (parts.length === 0) return [[]];
  if (!isSection(config)) return [];
  return parts.flatMap((_part, at) => {
    const taken = parts.slice(0, at + 1);
    const name = at === 0 ? unquoted(taken[0] ?? '') : taken.join('.');
    if (!Object.hasOwn(config, name)) return [];
    return readings(config[name], parts.slice(at + 1)).map((rest) => [name, ...rest]);
  });
}

function unquoted(part: string): string {
  return /^"(.*)"$/s.exec(part)?.[1] ?? part;
}

/** The value at a dotted key; `undefined`: no such key. */
export function valueAt(config: unknown, key: string): unknown {
  return stepsOf(key, config).reduce(
    (value: unknown, step) => (isSection(value) && Object.hasOwn(value, step) ? value[step] : undefined),
    config,
  );
}

/** Existing keys around an unknown one, for a hint. */
export function keysNear(config: unknown, key: string): string[] {
  const steps = key.split('.');
  for (let kept = steps.length - 1; kept >= 0; kept -= 1) {
    const above = steps.slice(0, kept);
    const section = above.length === 0 ? config : valueAt(config, above.join('.'));
    if (isSection(section)) return Object.keys(section).map((each) => [...above, each].join('.'));
  }
  return [];
}

/** Most keys that a hint names. */
const MOST_NAMED = 3;

/** The keys that an unknown one probably meant: those of its last name in any section, else the nearest. */
export async function keysMeant(config: unknown, key: string): Promise<string[]> {
  const { suggestions } = await import('@llamactl/server/suggestion');
  const keys = dottedKeys(config);
  const [last = ''] = key.split('.').slice(-1);
  const named = keys.filter((each) => each.endsWith(`.${last}`));
  if (named.length > 0) return named.slice(0, MOST_NAMED);
  const near = suggestions(key, keys);
  if (near.length > 0) return near.slice(0, MOST_NAMED);
  const [name = ''] = suggestions(
    last,
    keys.map((each) => each.split('.').at(-1) ?? ''),
  );
  return name === '' ? [] : keys.filter((each) => `.${each}`.endsWith(`.${name}`)).slice(0, MOST_NAMED);
}

/** All keys of a configuration with dots, sections included. */
function dottedKeys(config: unknown): string[] {
  if (!isSection(config)) return [];
  return Object.entries(config).flatMap(([key, value]) => [
    key,
    ...dottedKeys(value).map((below) => `${key}.${below}`),
  ]);
}

function withValue(section: Section, [step = '', ...rest]: readonly string[], value: unknown): Section {
  const below = Object.hasOwn(section, step) ? section[step] : undefined;
  return { ...section, [step]: rest.length === 0 ? value : withValue(isSection(below) ? below : {}, rest, value) };
}

/** Parses a value as YAML. Text that is not valid YAML, or would become an unexpected structure, stays text. */
function valueOf(text: string): unknown {
  if (text === '') return '';
  const isWritten = /^[[{"']/.test(text);
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    if (isWritten) throw new Problem(`${text} is not valid YAML: ${reasonOf(error)}`, EXIT.usage);
    return text;
  }
  return typeof value === 'object' && value !== null && !isWritten ? text : value;
}

function isSection(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
