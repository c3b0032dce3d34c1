import type { JsonValue } from '@llamactl/client';
import { valueAt, type SettingsDocument } from './settings-document.ts';

/** The correction of a misspelt option or flag that the server has suggested. */
export interface MeantName {
  /** The name that was probably meant: `ctx_size`, `--flash-attn`. */
  name: string;
  /** The settings with that name, by their dotted paths; `undefined` removes one. */
  values: ReadonlyMap<string, JsonValue | undefined>;
}

const MEANT = /; did you mean `([^`]+)`\?$/;

/** The correction that a note suggests; `null`: none, or the setting has changed since. */
export function meantName(
  { path, message }: { path: string; message: string },
  document: SettingsDocument,
): MeantName | null {
  const name = MEANT.exec(message)?.[1];
  if (name === undefined) return null;
  const [, place, key = ''] = /^(options|extra_args)\.(.+)$/s.exec(path) ?? [];
  if (place === 'options') {
    const value = valueAt(document, path);
    // Two values of one option would be a choice that a person has to make.
    if (value === undefined || valueAt(document, `options.${name}`) !== undefined) return null;
    return {
      name,
      values: new Map([
        [path, undefined],
        [`options.${name}`, value],
      ]),
    };
  }
  const words = valueAt(document, 'extra_args');
  const word = Array.isArray(words) ? words[Number(key)] : undefined;
  if (place !== 'extra_args' || !Array.isArray(words) || typeof word !== 'string') return null;
  const corrected = name + word.slice(word.split('=')[0]?.length);
  return { name, values: new Map([['extra_args', words.with(Number(key), corrected)]]) };
}
