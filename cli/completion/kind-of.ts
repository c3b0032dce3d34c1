import type { Argument, Option } from 'commander';
import { ARGUMENT_KINDS } from './argument-kinds.ts';
import type { ValueKind } from './value-kind.ts';

const OPTIONS: Readonly<Record<string, ValueKind>> = {
  '--context': 'context',
  '--instance': 'instance',
  '--owner': 'account',
};

/** Kinds by the placeholder in the help. */
const PLACEHOLDERS: Readonly<Record<string, ValueKind>> = { file: 'file', folder: 'folder', instance: 'instance' };

/** `null`: the option has no value. */
export function kindOfOption({ argChoices: choices, flags, long, required, optional }: Option): ValueKind | null {
  if (!required && !optional) return null;
  if (choices !== undefined) return { choices };
  const [, placeholder = ''] = /[<[](\w+)/.exec(flags) ?? [];
  return OPTIONS[long ?? ''] ?? PLACEHOLDERS[placeholder] ?? 'none';
}

/** `undefined`: not declared. @param command The words of the command, without the program's name. */
export function kindOfArgument(command: string, argument: Argument): ValueKind | undefined {
  const { argChoices: choices } = argument;
  return choices === undefined ? ARGUMENT_KINDS[`${command} ${argument.name()}`] : { choices };
}
