import type { InstanceRecord } from '../instances/ports.ts';

/** Stands for the key of a run. It is filled in when the engine is spawned, so a launch plan never holds a key. */
export const API_KEY = '${API_KEY}';

/** Engines listen here and nowhere else. */
const HOST = '127.0.0.1';
const PLACEHOLDER = /\$\{[A-Z_]+\}/g;

/**
 * Fills `${HOST}`, `${PORT}`, `${MODEL_PATH}` and `${NAME}`, once: a value that holds a placeholder keeps it. Other
 * placeholders stay.
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

/** The positions of the arguments that hold the key's placeholder. */
export function keyPlaces(args: readonly string[]): number[] {
  return args.flatMap((argument, index) => (argument.includes(API_KEY) ? [index] : []));
}

/** What is wrong with the placeholders of an argument that an instance brings; `null`: nothing. */
export function placeholderProblem(argument: string): string | null {
  if (argument.includes(API_KEY))
    return `must not hold ${API_KEY}: the key of a run goes where the engine’s configuration says`;
  // In a flag's value it cannot become another flag.
  const [flag = ''] = argument.startsWith('-') ? argument.split('=', 1) : [];
  return flag.search(PLACEHOLDER) === -1
    ? null
    : 'must not build a flag from a placeholder; give the placeholder as an argument of its own, or after `=`';
}
