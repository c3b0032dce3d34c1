import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@llamactl/contract/record';
import type { JsonValue } from '@llamactl/client';
import type { Session } from '../command-line.ts';

/** Text of the server instead of a secret. */
const MASK = '***';

/** The difference between the configuration of a server and lines that another program needs. */
export interface MissingConfiguration {
  /** The part of these lines that the file lacks. */
  configuration: Record<string, JsonValue>;
  /** Sections of the file that these lines replace: `engines.chat`. */
  replaced: string[];
  /** Settings of engines that differ, in words: `engines.chat.args: --max-model-len 8192 → 4096`. */
  changed: string[];
  /** Settings of the file that such lines could have, and that these lack: `groups.big.exclusive: true`. */
  kept: string[];
  /** Path of the file on the server's machine; `null`: no file, or the caller may not read it. */
  file: string | null;
}

/** Compares lines with the configuration of the server, if the caller may read it. */
export async function missingConfiguration(
  { client, signal }: Session,
  wanted: Record<string, JsonValue>,
): Promise<MissingConfiguration> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const { config, file } = await client.getConfig({ signal });
    const changed = changedEngines(wanted['engines'], config.engines);
    const configuration = lacking(wanted, config);
    const replaced = replacedSections(configuration, config);
    return { configuration, replaced, changed, kept: keptSettings(wanted, config), file };
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    return { configuration: wanted, replaced: [], changed: [], kept: [], file: null };
  }
}

/** The entries, such as `groups.big`, that a configuration has not, or with other values. An entry stays whole. */
function lacking(wanted: Record<string, JsonValue>, present: object): Record<string, JsonValue> {
  const sections = new Map<string, unknown>(Object.entries(present));
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([name, section]) => {
      const before = sections.get(name);
      if (!isRecord(section) || !isRecord(before)) return [[name, section] as const];
      const rest = Object.entries(section).filter(([key, value]) => !isContained(value, before[key]));
      return rest.length === 0 ? [] : [[name, Object.fromEntries(rest)] as const];
    }),
  );
}

/** The groups and custom engines that exist. That of llama.cpp always exists, and gets only a command. */
function replacedSections(lines: Record<string, JsonValue>, present: object): string[] {
  const sections = new Map<string, unknown>(Object.entries(present));
  return ['groups', 'engines'].flatMap((section) => {
    const [after, before] = [lines[section], sections.get(section)];
    if (!isRecord(after) || !isRecord(before)) return [];
    const there = Object.keys(after).filter((name) => name !== 'llama_cpp' && isRecord(before[name]));
    return there.map((name) => `${section}.${name}`);
  });
}

/** The settings of engines that exist, and have other values. */
function changedEngines(wanted: JsonValue | undefined, present: unknown): string[] {
  return Object.entries(isRecord(wanted) ? wanted : {}).flatMap(([name, engine]) => {
    const before = isRecord(present) ? present[name] : undefined;
    if (!isRecord(engine) || !isRecord(before)) return [];
    return Object.entries(engine).flatMap(([key, value]) => {
      const old = before[key];
      const isDefault = name === 'llama_cpp' && key === 'command' && old === 'llama-server';
      if (old === undefined || old === null || isDefault || isContained(value, old)) return [];
      const label = `engines.${name}.${key}`;
      // Variables may be secret.
      return [key === 'environment' ? label : `${label}: ${changedWords(wordsOf(old), wordsOf(value))}`];
    });
  });
}

function wordsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map((each) =>
    typeof each === 'string' ? each : JSON.stringify(each),
  );
}

/** The words that differ, without the equal ones around them. A changed value has its flag. */
function changedWords(before: readonly string[], after: readonly string[]): string {
  let start = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start += 1;
  const left = Math.min(before.length, after.length) - start;
  let end = 0;
  while (end < left && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const between = (words: readonly string[]): string => words.slice(start, words.length - end).join(' ') || 'nothing';
  const flag = before[start - 1];
  return `${flag?.startsWith('-') === true ? `${flag} ` : ''}${between(before)} → ${between(after)}`;
}

/** Whether a value is there, perhaps among others. The server masks variables of engines. */
function isContained(wanted: JsonValue, present: unknown): boolean {
  if (!isRecord(wanted) || !isRecord(present)) return present === MASK || isDeepStrictEqual(wanted, present);
  return Object.entries(wanted).every(([key, value]) => isContained(value, present[key]));
}

/** Settings besides `groups` that lines can have, with their defaults. */
const DEFAULTS = [
  { section: 'instances', key: 'max_running', usual: 0 },
  { section: 'instances', key: 'start_timeout', usual: 600 },
  { section: 'gateway', key: 'aliases_in_models', usual: false },
] as const;

function keptSettings(wanted: Record<string, JsonValue>, config: Readonly<Record<string, unknown>>): string[] {
  const within = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined);
  const line = (name: string, value: unknown): string => `${name}: ${JSON.stringify(value)}`;
  const groups = Object.entries(isRecord(config['groups']) ? config['groups'] : {}).flatMap(([name, group]) => {
    const own = within(wanted['groups'], name);
    if (own === undefined) return [line(`groups.${name}`, group)];
    return Object.entries(isRecord(group) ? group : {}).flatMap(([key, value]) =>
      value === false || value === 0 || within(own, key) !== undefined ? [] : [line(`groups.${name}.${key}`, value)],
    );
  });
  const others = DEFAULTS.flatMap(({ section, key, usual }) => {
    const value = within(config[section], key);
    const isPlain = value === undefined || value === usual || within(wanted[section], key) !== undefined;
    return isPlain ? [] : [line(`${section}.${key}`, value)];
  });
  return [...groups, ...others];
}
