import type { CreateInstance, Instance } from '@llamactl/client';
import { plain } from '../screen/text.ts';

/** A file beside the model, by the flag that launches it. */
export interface LaunchedCompanion {
  kind: 'projector' | 'adapter';
  file: string;
}

const COMPANION_FLAGS: readonly (readonly [string, LaunchedCompanion['kind']])[] = [
  ['--mmproj', 'projector'],
  ['--lora', 'adapter'],
];

/** The companions that a launch uses besides those that its settings name. */
export function launchedCompanions(
  { effective_command: command }: Pick<Instance, 'effective_command'>,
  { options = {}, extra_args: words = [] }: Pick<CreateInstance, 'options' | 'extra_args'>,
): LaunchedCompanion[] {
  const named = new Set([...Object.values(options).flat(), ...words]);
  return COMPANION_FLAGS.flatMap(([flag, kind]) => {
    const at = command.indexOf(flag);
    const file = at === -1 ? undefined : command[at + 1];
    return file === undefined || named.has(file) ? [] : [{ kind, file }];
  });
}

/** A companion in a sentence, for people. */
export function companionText({ kind, file }: LaunchedCompanion): string {
  return `it uses the ${kind} ${plain(file)}`;
}
