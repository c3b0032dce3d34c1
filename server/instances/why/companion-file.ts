import type { Cause } from '@llamactl/contract/cause';
import type { Instance } from '@llamactl/contract/instance';
import type { Remedy } from '@llamactl/contract/why';
import { shellQuoted } from '../../../format/shell-words.ts';
import { step, update } from './step.ts';

/** A file beside the model, in a reason. */
export interface NamedCompanion {
  subject: string;
  file: string;
}

/** Causes of files that an instance cannot load. */
export const FILE_CAUSES: ReadonlySet<Cause> = new Set([
  'model_missing',
  'model_unreadable',
  'model_damaged',
  'wrong_file',
]);

/** The file beside the model that a reason is about; `null`: it is about another matter. */
export function companionIn(reason: string): NamedCompanion | null {
  const [, subject, file] =
    /\bthe (projector|draft model|LoRA adapter|control vector),? (\S.*?) (?:does not|is|has|cannot)\b/.exec(reason) ??
    [];
  return subject === undefined || file === undefined ? null : { subject, file };
}

/** The step against a file that the server may not read. @param file `undefined`: the instance names none */
export function readable(file: string | undefined): Remedy {
  return {
    ...step('make_readable', "Let the server's user read the file, and enter its folders"),
    ...(file === undefined ? {} : { command: `chmod a+r ${shellQuoted(file)}` }),
  };
}

/** Steps against a file beside the model, which an option names, or which was found with the model. */
export function companionRemedies(cause: Cause, { subject, file }: NamedCompanion, instance: Instance): Remedy[] {
  const { options, model, model_path: modelFile } = instance;
  const [key] = Object.entries(options).find(([, value]) => [value].flat().join(' ').includes(file)) ?? [];
  const again = model === undefined ? { model_path: modelFile ?? null } : { model };
  const choices =
    key === undefined
      ? [
          update(step('find_files_again', 'Look for the files of the model again'), again),
          ...(subject === 'projector'
            ? [update(step('start_without_projector', 'Start without the projector'), { options: { mmproj: false } })]
            : []),
        ]
      : [
          {
            ...step('correct_option', `Correct the option ${key}`, { option: key }),
            link: `settings/options.${key}`,
          },
          update(step('start_without_companion', `Start without the ${subject}`, { companion: subject }), {
            options: { [key]: null },
          }),
        ];
  return [
    ...(cause === 'model_unreadable' ? [readable(file)] : []),
    ...choices,
    ...(cause === 'model_missing' ? [step('put_back', `Put the file back: ${file}`, { file })] : []),
  ];
}
