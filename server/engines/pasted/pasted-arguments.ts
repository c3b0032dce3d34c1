import path from 'node:path';
import { optionKey, optionType } from '../engine-option-list.ts';
import type { FlagCatalogue, FlagEntry, FlagMatch } from '../flags.ts';
import { guardOfEntry, guardOfFlag } from '../guarded-flags.ts';
import { meantFlag } from '../option-check.ts';
import type { PastedSettings } from './pasted-settings.ts';

const NUMBER = /^-?\d+(?:\.\d+)?$/;
/** `NAME=value` in front of a command. */
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s;
/** Programs that run the command behind them. */
const RUNNERS = new Set(['sudo', 'nohup', 'exec', 'time', 'env', 'nice']);
/** Builds are often kept under the name of their commit: `llama-server-ec9e0301`. */
const LLAMA_SERVER = /^llama-server/;
/** The older name of llama-server. Programs of others have it, too: only one that loads a model is taken for it. */
const PLAIN_SERVER = /^server(?:\.exe)?$/;
const LOADS_MODEL = /^(?:-m|--model|-mu|--model-url|-hf|-hfr|--hf-repo)(?:=|$)/;
/** The server of whisper.cpp has `-m`, too. */
const OTHER_SERVERS = /whisper/i;
const REPOSITORY_FLAGS = new Set(['-hf', '-hfr', '--hf-repo']);
const ALIAS_FLAGS = new Set(['-a', '--alias']);
const PORT_WHY = 'llamactl chooses a free port; give `port` for a fixed one';

/** Why a command cannot be read. */
export interface UnreadCommand {
  /** The end of a sentence. */
  problem: string;
  /** It runs another program than llama-server, as a custom engine can. */
  isOther: boolean;
}

/** Reads a command line of llama-server. @returns why it is none; `null`: it was read. @param catalogue `null`: the flags are unknown. */
export function readCommand(
  words: readonly string[],
  catalogue: FlagCatalogue | null,
  settings: PastedSettings,
): UnreadCommand | null {
  let at = 0;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const [, name, value] = ASSIGNMENT.exec(word) ?? [];
    if (name !== undefined && value !== undefined) readVariable(name, value, word, catalogue, settings);
    else if (RUNNERS.has(word)) settings.drop(word, 'llamactl starts the engine itself');
    else break;
  }
  const program = words[at] ?? '';
  if (program.startsWith('-')) {
    readArguments(words.slice(at), catalogue, settings);
    return null;
  }
  if (!isLlamaServer(program, words.slice(at + 1)))
    return { problem: `begins with ${JSON.stringify(program)}, which is not a llama-server`, isOther: true };
  settings.runBy(program);
  readArguments(words.slice(at + 1), catalogue, settings);
  return null;
}

function isLlamaServer(program: string, words: readonly string[]): boolean {
  const name = path.basename(program);
  if (OTHER_SERVERS.test(program)) return false;
  return LLAMA_SERVER.test(name) || (PLAIN_SERVER.test(name) && words.some((word) => LOADS_MODEL.test(word)));
}

/** Reads an environment variable. One that stands for a flag becomes an option. */
export function readVariable(
  name: string,
  value: string,
  text: string,
  catalogue: FlagCatalogue | null,
  settings: PastedSettings,
): void {
  const entry = catalogue?.findVariable(name) ?? null;
  if (entry === null) settings.variable(name, value, text);
  else if (entry.valueCount === 1)
    readFlag({ entry, spelling: entry.spellings[0] ?? '', negated: false }, [value], text, settings);
  else if (entry.valueCount === 0)
    readFlag({ entry, spelling: '', negated: /^(?:0|off|false|disabled)$/.test(value) }, [], text, settings);
  else settings.variable(name, value, text);
}

/** Reads the arguments of llama-server. */
export function readArguments(
  words: readonly string[],
  catalogue: FlagCatalogue | null,
  settings: PastedSettings,
): void {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (catalogue === null) {
      at += readUnknown(word, words[at + 1], settings) - 1;
      continue;
    }
    const match = word.startsWith('-') ? catalogue.findArgument(word) : null;
    if (match === null) {
      const value = words[at + 1];
      const hasValue = word.startsWith('-') && value !== undefined && !value.startsWith('-');
      // Another build has options of its own.
      if (word.startsWith('-') && settings.customEngine !== null) settings.argument(hasValue ? [word, value] : [word]);
      else
        settings.drop(
          hasValue ? `${word} ${value}` : word,
          word.startsWith('-') ? unknownWhy(word, catalogue) : 'belongs to no option',
        );
      if (hasValue) at += 1;
      continue;
    }
    const count = match.negated ? 0 : match.entry.valueCount;
    const values = words.slice(at + 1, at + 1 + count);
    readFlag(match, values, [word, ...values].join(' '), settings);
    at += count;
  }
}

function unknownWhy(word: string, catalogue: FlagCatalogue): string {
  const [flag = word] = word.split('=');
  const meant = meantFlag(flag, catalogue);
  return `the installed llama-server has no such option${meant === null ? '' : `; did you mean \`${meant}\`?`}`;
}

/**
 * Reads arguments without the flags of the engine: those whose meaning never changed, and those that instances may not have
 * by their name alone.
 *
 * @returns how many words were read
 */
function readUnknown(word: string, next: string | undefined, settings: PastedSettings): number {
  const [flag = word, attached] = word.startsWith('-') ? word.split(/=(.*)/s) : [];
  const value = attached ?? next;
  const count = attached === undefined ? 2 : 1;
  const text = attached === undefined ? `${word} ${value ?? ''}`.trim() : word;
  if (value !== undefined && (flag === '-m' || flag === '--model')) settings.set('model_path', value, text);
  else if (value !== undefined && REPOSITORY_FLAGS.has(flag)) settings.set('model', value, text);
  else if (value !== undefined && ALIAS_FLAGS.has(flag))
    for (const alias of value.split(',')) settings.alias(alias.trim(), text);
  else if (flag === '--port') settings.drop(text, PORT_WHY);
  else if (flag === '--host') settings.drop(text, 'is set by llamactl');
  else return readOther(word, next, settings);
  return count;
}

function readOther(word: string, next: string | undefined, settings: PastedSettings): number {
  const hasValue = next !== undefined && !next.startsWith('-') && !word.includes('=');
  const guard = word.startsWith('-') ? guardOfFlag(word, null) : null;
  if (settings.dropGuarded(guard, hasValue ? `${word} ${next}` : word)) return hasValue ? 2 : 1;
  settings.argument([word]);
  return 1;
}

function readFlag(
  { entry, negated }: FlagMatch,
  values: readonly string[],
  text: string,
  settings: PastedSettings,
): void {
  const [value = ''] = values;
  if (values.length < (negated ? 0 : entry.valueCount)) return settings.drop(text, 'lacks its value');
  if (is(entry, '--model')) return settings.set('model_path', value, text);
  if (is(entry, '--port')) return readPort(value, text, settings);
  if (is(entry, '--alias')) return value.split(',').forEach((alias) => settings.alias(alias.trim(), text));
  if (is(entry, '--hf-repo')) return settings.set('model', value, text);
  if (settings.dropGuarded(guardOfEntry(entry), text)) return;
  if (entry.removed !== null) return settings.drop(text, `was removed from llama-server; ${entry.removed}`);
  if (values.some((each) => each.includes('${PORT}'))) return settings.drop(text, PORT_WHY);
  const key = optionKey(entry.spellings[0] ?? '');
  if (entry.valueCount > 1) return settings.argument([entry.spellings[0] ?? '', ...values]);
  const given = entry.valueCount === 0 || negated ? !negated : typed(value);
  return settings.option(key, given, text, optionType(entry) === 'list');
}

function readPort(value: string, text: string, settings: PastedSettings): void {
  if (/^\d+$/.test(value)) settings.set('port', Number(value), text);
  else settings.drop(text, PORT_WHY);
}

function is({ spellings }: FlagEntry, spelling: string): boolean {
  return spellings.includes(spelling);
}

/** A number, if the text is one and stays the same. */
function typed(value: string): string | number {
  return NUMBER.test(value) && String(Number(value)) === value ? Number(value) : value;
}
