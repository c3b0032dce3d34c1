import type { Problem } from '@llamactl/client';
import { dottedPath } from '../../lib/problems.ts';
import { withValue, type SettingsDocument } from './settings-document.ts';
import { NESTED } from '../../lib/setting-keys.ts';

/** A name that has the right form. A clash of it is no problem of the user. */
const STAND_IN = 'new-instance';

/**
 * Returns a body without the settings whose form is wrong. The server judges the values of the others only then. A new
 * instance gets another name in place of a wrong one.
 *
 * @returns `null`: nothing is left to judge, or the body as a whole is wrong
 */
export function restOfForm(
  body: SettingsDocument,
  problems: readonly Problem[],
  isNew: boolean,
): SettingsDocument | null {
  const wrong = problems.map(({ path }) => settingOf(path));
  if (wrong.includes('')) return null;
  const rest = wrong.reduce((left, path) => withValue(left, path, undefined), body);
  if (Object.keys(rest).length === 0) return null;
  return isNew && wrong.includes('name') ? { ...rest, name: STAND_IN } : rest;
}

/** The problems of another answer, without those of settings that are known to be wrong. */
export function otherProblems(problems: readonly Problem[], known: readonly Problem[]): Problem[] {
  const wrong = new Set(known.map(({ path }) => settingOf(path)));
  return problems.filter(({ path }) => !wrong.has(settingOf(path)));
}

/** The path of the setting, or of its entry: `options.ctx_size`, `aliases`. */
function settingOf(path: string): string {
  const [head = '', entry] = dottedPath(path).split('.');
  return entry !== undefined && NESTED.has(head) ? `${head}.${entry}` : head;
}
