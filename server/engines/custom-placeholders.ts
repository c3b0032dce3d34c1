import type { InstanceRecord } from '../instances/ports/instance-record.ts';

/** Placeholder for the key of a run. The spawn fills it in, so a launch plan never contains a key. */
export const API_KEY = '${API_KEY}';

/** The only address that engines listen on. */
const HOST = '127.0.0.1';
const PLACEHOLDER = /\$\{[A-Z_]+\}/g;

/**
 * Fills in `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}`. Not recursive: a placeholder within a value stays. Other
 * placeholders stay too.
 */
export function filler({ name, port, settings }: InstanceRecord): (text: string) => string {
  const values = new Map([
    ['${HOST}', HOST],
    ['${PORT}', String(port)],
    ['${MODEL_PATH}', settings.model_path ?? ''],
    ['${NAME}', name],
  ]);
  return (text) => text.replace(PLACEHOLDER, (placeholder) => values.get(placeholder) ?? placeholder);
}

/** Indexes of the arguments that contain the key's placeholder. */
export function keyPlaces(args: readonly string[]): number[] {
  return args.flatMap((argument, index) => (argument.includes(API_KEY) ? [index] : []));
}

/** The problem with placeholders in an instance's argument; `null`: none. */
export function placeholderProblem(argument: string): string | null {
  if (argument.includes(API_KEY))
    return `must not contain ${API_KEY}: the engine’s configuration decides where the key goes`;
  // A placeholder in a flag's value cannot become another flag.
  const [flag = ''] = argument.startsWith('-') ? argument.split('=', 1) : [];
  return flag.search(PLACEHOLDER) === -1
    ? null
    : 'must not build a flag from a placeholder; give the placeholder as an argument of its own, or after `=`';
}
