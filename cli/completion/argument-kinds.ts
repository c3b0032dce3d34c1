import type { Argument, Option } from 'commander';
import { SORT_COLUMNS } from '../instances/instance-order.ts';
import type { ValueKind } from './value-kind.ts';

/** The kind of each argument, by command and argument name in the help. A test checks that none is missing. */
export const ARGUMENT_KINDS: Readonly<Record<string, ValueKind>> = {
  'apply file': 'file',
  'backup file': 'file',
  'config get key': 'setting',
  'config set settings': 'assignment',
  'config unset keys': 'setting',
  'context add name': 'none',
  'context rm names': 'context',
  'context show name': 'context',
  'context use name': 'context',
  'cp arguments': 'none',
  'cp name': 'instance',
  'cp new-name': 'none',
  'create arguments': 'none',
  'create name': 'none',
  'diff file': 'file',
  'edit name': 'instance',
  'estimate model': 'model or file',
  'events name': 'instance',
  'export file': 'file',
  'health name': 'instance',
  'import models': 'file',
  'import program': { choices: ['ollama', 'llama-swap', 'go-llamactl'] },
  'keys create name': 'none',
  'keys edit key': 'key',
  'keys rm keys': 'key',
  'login username': 'none',
  'logs names': 'instance',
  'models downloads pause ids': 'none',
  'models downloads resume ids': 'none',
  'models downloads rm ids': 'none',
  'models ls word': 'none',
  'models quants model': 'none',
  'models rm models': 'model or file',
  'models search words': 'none',
  'models word': 'none',
  'models show model': 'model or file',
  'models verify models': 'model or file',
  'options word': 'option-key',
  'pull reference': 'none',
  'rename name': 'instance',
  'rename new-name': 'none',
  'requests cancel ids': 'none',
  'restart names': 'instance',
  'restore file': 'file',
  'rm names': 'instance',
  'run model': 'model or file',
  'run prompt': 'none',
  'sessions rm ids': 'none',
  'show name': 'instance',
  'start names': 'instance',
  'stats name': 'instance',
  'stop names': 'instance',
  'top name': 'instance',
  'update arguments': 'none',
  'update name': 'instance',
  'users create username': 'none',
  'users rm usernames': 'account',
  'users update username': 'account',
  'wait names': 'instance',
  'why name': 'instance',
};

const OPTIONS: Readonly<Record<string, ValueKind>> = {
  '--context': 'context',
  '--engine': 'engine',
  '--instance': 'instance',
  '--option': 'engine-option',
  '--owner': 'account',
  '--user': 'account',
  '--sort': { choices: SORT_COLUMNS },
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
