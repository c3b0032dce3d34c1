import type { ServerLogEntry } from '@llamactl/client';

type Fields = ServerLogEntry['fields'];

/** The fields of a line as texts. Fields without a value are left out; an error is its message. */
export function fieldTexts(fields: Fields): [name: string, text: string][] {
  return Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    if (value === null) return [];
    const error = errorOf(value);
    if (error !== null) return [[name, error.message]];
    return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

/** The stack of the error of a line; `null`: it has none. */
export function stackOf({ err = null }: Fields): string | null {
  return errorOf(err)?.stack ?? null;
}

function errorOf(value: Fields[string]): { message: string; stack: string | null } | null {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return null;
  const { message, stack } = value;
  if (typeof message !== 'string') return null;
  return { message, stack: typeof stack === 'string' ? stack : null };
}
