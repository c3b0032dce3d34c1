import type { ServerLogEntry } from '@llamactl/client';
import { isRecord } from '../../lib/record.ts';

type Fields = ServerLogEntry['fields'];

/**
 * The fields of a line as texts. Fields without a value are left out, and a route that is the whole URL. An error is its
 * message. The id of the request comes last, because people rarely need it.
 */
export function fieldTexts({ request_id: id = null, ...fields }: Fields): [name: string, text: string][] {
  const { route, url } = fields;
  const entries = Object.entries(fields).filter(([name]) => name !== 'route' || route !== url);
  return [...entries, ['request_id', id] as const].flatMap(([name, value]): [string, string][] => {
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
  if (!isRecord(value)) return null;
  const { message, stack } = value;
  if (typeof message !== 'string') return null;
  return { message, stack: typeof stack === 'string' ? stack : null };
}
