import type { Instance } from '@llamactl/contract/instance';
import type { Remedy } from '@llamactl/contract/why';
import { byCommandLine, step } from './step.ts';

/** Messages about a variable that is not set, in the words of programs; the first group that matches is its name. */
const MESSAGES: readonly RegExp[] = [
  // Not a warning about one that is set.
  /\benv(?:ironment)? var(?:iable)? [`'"$]*([A-Za-z_]\w*)\b(?![`'"]* (?:is|was) (?:set|deprecated|ignored)\b)/i,
  // Other words are in lower case too often: only names such as VOICE_DIR are variables for sure.
  /(?<![\w.-])[`'"$]*([A-Z][A-Z0-9]*_[A-Z0-9_]+)[`'"]* (?:(?:is|was|has) (?:not|never) (?:been )?(?:set|defined|given)|(?:is|was) (?:unset|undefined|missing|empty|required)|must be set|not set)/,
  /\b(?:set|export|define) [`'"$]*([A-Z][A-Z0-9]*_[A-Z0-9_]+)/,
  /\bKeyError: '([A-Z][A-Z0-9]*_[A-Z0-9_]+)'/,
];

/** The variable that a program asks for; `null`: the message is about something else. */
export function missingVariable(message: string): string | null {
  for (const words of MESSAGES) {
    const name = words.exec(message)?.[1];
    if (name !== undefined) return name;
  }
  return null;
}

/**
 * The step that sets a variable which the program asks for; empty: it asks for none, or llamactl sets it.
 *
 * @param reason Why the run ended. The lines of its output may say more.
 */
export function variableRemedies(reason: string, { engine, last_exit: last, environment }: Instance): Remedy[] {
  const lines = [reason, ...(last?.lines ?? []).toReversed()];
  const name = lines.map(missingVariable).find((found) => found !== null) ?? null;
  if (name === null || Object.hasOwn(environment, name)) return [];
  // An instance of another engine may set only the variables on a list.
  return engine === 'custom'
    ? [
        {
          ...step('set_variable', `Set the variable ${name}`, { variable: name }),
          link: `settings/environment.${name}`,
        },
      ]
    : [
        byCommandLine(
          step('set_engine_variable', `Set the variable ${name} of the engine ${engine}, then run llamactl reload`, {
            variable: name,
            engine,
          }),
          `engines.${engine}.environment.${name}`,
          'VALUE',
        ),
      ];
}
