import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '@llamactl/contract/record';
import type { JsonValue } from '@llamactl/client';
import type { Session } from '../command-line.ts';

/** Text of the server instead of a secret. */
const MASK = '***';

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

/** The entries, such as `groups.big`, that a configuration has not, or with other values. An entry stays whole. */
function lacking(wanted: Record<string, JsonValue>, present: object): Record<string, JsonValue> {
  const sections = new Map<string, unknown>(Object.entries(present));
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([name, section]) => {
      const before = sections.get(name);
      if (!isRecord(section) || !isRecord(before)) return [[name, section] as const];
      const rest = Object.entries(section).filter(([key, value]) => !isContained(value, before[key]));
      return rest.length === 0 ? [] : [[name, Object.fromEntries(rest)] as const];
    }),
  );
}

/** Whether a value is there, perhaps among others. The server masks variables of engines. */
function isContained(wanted: JsonValue, present: unknown): boolean {
  if (!isRecord(wanted) || !isRecord(present)) return present === MASK || isDeepStrictEqual(wanted, present);
  return Object.entries(wanted).every(([key, value]) => isContained(value, present[key]));
}
