import type { Settings, SettingsProblem } from '../instances/ports.ts';
import type { FlagCatalogue } from './flags.ts';
import { guardOfVariable } from './guarded-environment.ts';
import type { Guard } from './guarded-flags.ts';

/** What decides whether guarded settings pass. */
export interface GuardTerms {
  /** `security.allow_privileged` of the configuration file. Opens what is privileged, never what is reserved. */
  allowPrivileged: boolean;
  /** The engine's flags; `null`: unknown, then the tables alone decide. */
  catalogue: FlagCatalogue | null;
  /** The guard of a flag in any spelling; `value` is what follows it among the arguments. */
  guardOf: (spelling: string, value?: string) => Guard | null;
  /** Variables that this kind of engine gets from llamactl, beyond those of the table. */
  ownVariables?: readonly string[];
}

/** `@file`: many programs read more arguments from there. */
const RESPONSE_FILE = /^@/;
const READS_FILE: Guard = { guard: 'privileged', why: 'can make the engine read its arguments from a file' };

const REMEDY = 'it needs `security.allow_privileged: true` in the configuration file';

/** Every reserved or privileged thing in an instance's settings, wherever it hides. */
export function guardProblems(settings: Settings, terms: GuardTerms): SettingsProblem[] {
  const problem = (path: string, guard: Guard | null, subject?: string): SettingsProblem[] => {
    if (guard === null || (guard.guard === 'privileged' && terms.allowPrivileged)) return [];
    const sentence = subject === undefined ? guard.why : `\`${subject}\` ${guard.why}`;
    return guard.guard === 'reserved'
      ? [{ code: 'RESERVED_OPTION', path, message: sentence }]
      : [{ code: 'PRIVILEGED_OPTION', path, message: `${sentence}; ${REMEDY}` }];
  };

  const options = Object.entries(settings.options).flatMap(([key, value]) => {
    const own = problem(`options.${key}`, terms.guardOf(key));
    if (own.length > 0) return own;
    // A value in the place where the engine expects a flag would be read as one.
    const posing = [value].flat().filter((item) => typeof item === 'string' && item.startsWith('-'));
    return posing.flatMap((item) => problem(`options.${key}`, terms.guardOf(String(item)), spellingOf(String(item))));
  });
  const extra = settings.extra_args.flatMap((argument, index) =>
    RESPONSE_FILE.test(argument)
      ? problem(`extra_args.${index}`, READS_FILE, argument.slice(0, 60))
      : argument.startsWith('-')
        ? problem(`extra_args.${index}`, terms.guardOf(argument, settings.extra_args[index + 1]), spellingOf(argument))
        : [],
  );
  const environment = Object.keys(settings.environment).flatMap((name) => {
    const own: Guard = { guard: 'reserved', why: 'is set by llamactl' };
    const guard = terms.ownVariables?.includes(name.toUpperCase()) ? own : guardOfVariable(name, terms.catalogue);
    return problem(`environment.${name}`, guard);
  });
  const command: Guard = { guard: 'privileged', why: 'runs a program of the caller’s choice' };
  return [...(settings.command === undefined ? [] : problem('command', command)), ...options, ...extra, ...environment];
}

function spellingOf(argument: string): string {
  return argument.replace(/=.*$/s, '').slice(0, 60);
}
