import type { NumberFlaw, NumberLimits } from '../../lib/number-limits.ts';
import { isRecord } from '../../lib/record.ts';

/** The rules of a value in the description of the API. The server checks more. */
export interface SettingLimits extends NumberLimits {
  /** Of a text: a path of a URL, or a URL; `null`: any. */
  form: 'path' | 'url' | null;
  /** Of a number of seconds: the texts that the server also takes, such as `15m`; `null`: it is none. */
  duration: RegExp | null;
}

export const NO_LIMITS: SettingLimits = { least: null, most: null, isWhole: false, form: null, duration: null };

/** Why a value keeps no limit. */
export type LimitFlaw = NumberFlaw | 'notDuration' | 'notPath' | 'notUrl';

/** Reads the limits of a value in its JSON schema. */
export function limitsOf(schema: Readonly<Record<string, unknown>>): SettingLimits {
  const { minimum, maximum, type, pattern, format, anyOf, 'x-duration': duration } = schema;
  const parts: unknown[] = Array.isArray(anyOf) ? anyOf : [];
  const isUrl = format === 'uri' || parts.some((part) => isRecord(part) && part['format'] === 'uri');
  return {
    least: typeof minimum === 'number' ? minimum : null,
    most: typeof maximum === 'number' ? maximum : null,
    isWhole: type === 'integer',
    duration: typeof duration === 'string' ? new RegExp(duration) : null,
    form: isUrl ? 'url' : pattern === BEGINS_WITH_SLASH ? 'path' : null,
  };
}

const BEGINS_WITH_SLASH = String.raw`^\/.*`;

/** The limit that a text does not keep; `null`: it keeps all. An empty text is judged by the server. */
export function flawOfText(text: string, { form }: SettingLimits): LimitFlaw | null {
  if (form === 'path' && !text.startsWith('/')) return 'notPath';
  return form === 'url' && text !== '' && !URL.canParse(text) ? 'notUrl' : null;
}
