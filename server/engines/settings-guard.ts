import { MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { OptionValue } from '@llamactl/contract/instance';
import { phrase } from '@llamactl/contract/phrases';
import type { SettingsProblem, StartProblem } from '../instances/ports/engine-adapter.ts';
import type { Settings } from '../instances/ports/instance-record.ts';
import type { AllowedVariables } from './allowed-environment.ts';
import type { FlagCatalogue } from './flags.ts';
import { guardOfVariable } from './guarded-environment.ts';
import { type Guard, PRIVILEGED_REMEDY } from './guarded-flags.ts';

/** The terms on which guarded variables are allowed. */
export interface VariableGuardTerms {
  /** `security.allow_privileged` of the configuration file. Allows privileged settings, never reserved ones. */
  allowPrivileged: boolean;
  /** The engine's flags; `null`: unknown, so only the tables decide. */
  catalogue: FlagCatalogue | null;
  /** Variables that an instance may set. */
  variables: AllowedVariables;
  /** Whether the engine reads `LLAMA_ARG_…` for its flags. */
  readsFlagVariables: boolean;
  /** Variables that llamactl sets for this kind of engine, besides those of the table; in upper case. */
  ownVariables?: readonly string[];
}

/** The terms on which guarded settings are allowed. */
export interface GuardTerms extends VariableGuardTerms {
  /** The guard of a flag in any spelling; `value` is the next argument. */
  guardOf: (spelling: string, value?: string) => Guard | null;
  /** Finds other problems of an unguarded option; left out: none. */
  faultOf?: (key: string, value: OptionValue) => SettingsProblem | null;
  /** Whether option values that begin with `@` are guarded too, as files with more arguments. */
  guardsResponseFiles?: boolean;
}

/** `@file`: many programs read more arguments from such a file. */
const RESPONSE_FILE = /^@/;
const READS_FILE: Guard = { guard: 'privileged', why: 'can make the engine read its arguments from a file' };
const PROGRAM: Guard = { guard: 'privileged', why: 'runs a program of the caller’s choice' };
const OURS: Guard = { guard: 'reserved', why: 'is set by llamactl' };

/** Longer words are cut in messages. */
const LONGEST_WORD = 60;

/** All reserved or privileged parts of an instance's settings. Lazy, so that a check can stop early. */
export function* guardProblems(settings: Settings, terms: GuardTerms): Generator<SettingsProblem> {
  const { allowPrivileged, guardOf, faultOf = () => null } = terms;
  if (settings.command !== undefined) yield* problemOf('command', PROGRAM, allowPrivileged);
  for (const [key, value] of Object.entries(settings.options)) {
    const path = `options.${cut(key)}`;
    const [own = faultOf(key, value)] = [
      ...problemOf(path, guardOf(key), allowPrivileged),
      ...posingProblems(path, value, terms),
    ];
    if (own !== null) yield own;
  }
  for (const [index, argument] of settings.extra_args.entries()) {
    const guard = guardOfArgument(argument, settings.extra_args[index + 1], guardOf);
    yield* problemOf(`extra_args.${index}`, guard, allowPrivileged, spellingOf(argument));
  }
  yield* environmentProblems(settings.environment, terms);
}

/** All variables that an instance may not set. */
export function* environmentProblems(
  environment: Settings['environment'],
  { allowPrivileged, catalogue, variables, readsFlagVariables, ownVariables = [] }: VariableGuardTerms,
): Generator<SettingsProblem> {
  const terms = { catalogue, allowed: variables, readsFlagVariables };
  for (const [name, value] of Object.entries(environment)) {
    const guard = ownVariables.includes(name.toUpperCase()) ? OURS : guardOfVariable(name, value, terms);
    yield* problemOf(`environment.${cut(name)}`, guard, allowPrivileged);
  }
}

/** The guard of one argument of an engine; `next` is the argument after it. */
export function guardOfArgument(
  argument: string,
  next: string | undefined,
  guardOf: GuardTerms['guardOf'],
): Guard | null {
  if (RESPONSE_FILE.test(argument)) return READS_FILE;
  return argument.startsWith('-') ? guardOf(argument, next) : null;
}

/** The first {@link MOST_PROBLEMS} problems. Finding more would cost time and not help. */
export function firstProblems(problems: Iterable<SettingsProblem>): SettingsProblem[] {
  return Iterator.from(problems).take(MOST_PROBLEMS).toArray();
}

/** Problems of values that the engine could read as a flag. */
function* posingProblems(
  path: string,
  value: OptionValue,
  { guardOf, guardsResponseFiles = false, allowPrivileged }: GuardTerms,
): Generator<SettingsProblem> {
  for (const item of [value].flat()) {
    if (typeof item !== 'string' || (!guardsResponseFiles && !item.startsWith('-'))) continue;
    yield* problemOf(path, guardOfArgument(item, undefined, guardOf), allowPrivileged, spellingOf(item));
  }
}

function problemOf(path: string, guard: Guard | null, allowPrivileged: boolean, subject?: string): SettingsProblem[] {
  if (guard === null || (guard.guard === 'privileged' && allowPrivileged)) return [];
  const sentence = subject === undefined ? guard.why : `\`${subject}\` ${guard.why}`;
  return guard.guard === 'reserved'
    ? [{ code: 'RESERVED_OPTION', path, message: sentence, phrase: phrase('reserved_setting') }]
    : [
        {
          code: 'PRIVILEGED_OPTION',
          path,
          message: `${sentence}; ${guard.remedy ?? PRIVILEGED_REMEDY}`,
          // A remedy of its own is another value, which needs no privilege.
          ...(guard.remedy === undefined && { phrase: phrase('privileged_setting') }),
        },
      ];
}

function spellingOf(argument: string): string {
  return argument.startsWith('@') ? cut(argument) : cut(argument.replace(/=.*$/s, ''));
}

function cut(word: string): string {
  return word.slice(0, LONGEST_WORD);
}

/** Number of variables that a message names; it counts the others. */
const MOST_NAMES = 20;

/**
 * Why an instance with forbidden stored variables does not start; `null`: all are allowed. Such an instance was stored under
 * other rules, and can still be shown and edited. The message names all such variables, so that one edit fixes them.
 */
export function variableObstacle(problems: Iterable<SettingsProblem>): StartProblem | null {
  const reasons = new Map<string, string[]>();
  const names: string[] = [];
  let code: 'PRIVILEGED_OPTION' | 'RESERVED_OPTION' = 'PRIVILEGED_OPTION';
  for (const problem of problems) {
    if (problem.code !== 'PRIVILEGED_OPTION' && problem.code !== 'RESERVED_OPTION') continue;
    // No privilege allows a reserved variable, so this code takes precedence.
    if (problem.code === 'RESERVED_OPTION') code = problem.code;
    const name = `\`${problem.path.replace('environment.', '')}\``;
    names.push(name);
    reasons.set(problem.message, [...(reasons.get(problem.message) ?? []), name]);
  }
  const [first] = names;
  if (first === undefined) return null;
  return { code, message: names.length === 1 ? single(first, reasons) : several(names, reasons), isWarnedOf: true };
}

function single(name: string, reasons: ReadonlyMap<string, readonly string[]>): string {
  return `the stored variable ${name} ${[...reasons.keys()].join('; ')}`;
}

function several(names: readonly string[], reasons: ReadonlyMap<string, readonly string[]>): string {
  const sentences = [...reasons].map(([message, those]) => {
    if (reasons.size === 1) return `each ${message}`;
    return `${listed(those)} ${those.length === 1 ? '' : 'each '}${message}`;
  });
  return `the stored variables ${listed(names)} may not be set: ${sentences.join('; ')}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
