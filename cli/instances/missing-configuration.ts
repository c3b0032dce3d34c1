import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@llamactl/contract/record';
import type { JsonValue } from '@llamactl/client';
import type { Session } from '../command-line.ts';

/** The part of some lines that a configuration file lacks. */
export interface MissingConfiguration {
  configuration: Record<string, JsonValue>;
  /** Path of the file on the server's machine; `null`: no file, or the caller may not read it. */
  file: string | null;
}

/** Removes the lines that the configuration of the server has already, if the caller may read it. */
export async function missingConfiguration(
  { client, signal }: Session,
  wanted: Record<string, JsonValue>,
): Promise<MissingConfiguration> {
  if (Object.keys(wanted).length === 0) return { configuration: {}, file: null };
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const { config, file } = await client.getConfig({ signal });
    return { configuration: lacking(wanted, config), file };
  } catch (error) {
    if (!(error instanceof LlamactlError)) throw error;
    return { configuration: wanted, file: null };
  }
}

/** The part of a document that another one has not, or with another value. */
function lacking(wanted: Record<string, JsonValue>, present: object): Record<string, JsonValue> {
  const values = new Map<string, unknown>(Object.entries(present));
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([key, value]) => {
      const before = values.get(key);
      if (!isRecord(value) || !isRecord(before)) return isDeepStrictEqual(value, before) ? [] : [[key, value] as const];
      const rest = lacking(value, before);
      return Object.keys(rest).length === 0 ? [] : [[key, rest] as const];
    }),
  );
}
