import type { Instance } from '@llamactl/contract/instance';
import type { Remedy } from '@llamactl/contract/why';
import { step, update } from './step.ts';

/** The facts that steps against a refused argument depend on. */
export interface ArgumentFacts {
  instance: Instance;
  /** Returns the option of the engine that an unknown name probably meant; `null`: none is like it, or they were not asked. */
  meantOption: (name: string) => string | null;
}

/** Steps against an argument, option or variable that the engine refuses. @param reason Its message */
export function argumentRemedies(
  reason: string,
  { instance: { options, extra_args: extra }, meantOption }: ArgumentFacts,
): Remedy[] {
  const flag = /(?:invalid argument:|argument) "?(--?[A-Za-z0-9-]+)/.exec(reason)?.[1] ?? '';
  const key = flag.replace(/^--?(?:no-)?/, '').replaceAll('-', '_');
  if (!Object.hasOwn(options, key)) {
    // A line such as `--flag 1` is one argument for the engine, which it refuses.
    const isExtra =
      flag !== '' && extra.some((word) => /^(?:$|[=\s])/.test(word.slice(flag.length)) && word.startsWith(flag));
    if (isExtra) {
      return [
        ...meantFlag(flag, extra, meantOption),
        { ...step('correct_further_arguments', 'Correct its further arguments'), link: 'settings/extra_args' },
      ];
    }
    const variable = /^environment variable "?(\w+)|^the stored variables? `(\w+)/.exec(reason);
    const name = variable?.[1] ?? variable?.[2];
    if (name !== undefined) {
      const what = step('correct_variable', `Correct the variable ${name}`, { variable: name });
      return [{ ...what, link: `settings/environment.${name}` }];
    }
    return [{ ...step('correct_options', 'Correct its options and arguments'), link: 'settings' }];
  }
  return [
    update(step('remove_option', `Remove the option ${key}`, { option: key }), { options: { [key]: null } }),
    { ...step('another_value', `Give ${key} another value`, { option: key }), link: `settings/options.${key}` },
  ];
}

/** The step that takes the flag that was probably meant; empty: no flag of the engine is like it. */
function meantFlag(flag: string, extra: readonly string[], meantBy: ArgumentFacts['meantOption']): Remedy[] {
  const unknown = flag.replace(/^--?/, '').replaceAll('-', '_');
  const meant = meantBy(unknown);
  if (meant === null || meant === unknown) return [];
  const correct = `${meant.length < 3 ? '-' : '--'}${meant.replaceAll('_', '-')}`;
  const words = extra.map((word) =>
    word === flag || word.startsWith(`${flag}=`) ? correct + word.slice(flag.length) : word,
  );
  // In `--flag 1`, one argument with a space, another name alone would not help.
  if (words.every((word) => extra.includes(word))) return [];
  const what = step('use_flag', `Use \`${correct}\` instead of \`${flag}\``, { flag: correct, before: flag });
  return [update(what, { extra_args: words })];
}
