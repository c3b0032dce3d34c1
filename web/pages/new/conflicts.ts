import type { JsonValue } from '@llamactl/client';
import { changesBetween, isSame, valueAt, withValue, type SettingsDocument } from './settings-document.ts';

/** A setting that this form or another one has changed since this form was opened. */
export interface Conflict {
  /** Dotted. */
  path: string;
  /** The value when the form was opened. */
  before: JsonValue | undefined;
  /** The value in the form. */
  mine: JsonValue | undefined;
  /** The value that is stored now. */
  theirs: JsonValue | undefined;
  /** Who has changed it. `both`: to different values. */
  changedBy: 'me' | 'them' | 'both';
}

/** Compares the three versions of settings, in the order of the form. Settings that all agree on are left out. */
export function conflictsOf(before: SettingsDocument, mine: SettingsDocument, theirs: SettingsDocument): Conflict[] {
  const own = changesBetween(before, mine).map(({ path }) => path);
  const foreign = changesBetween(before, theirs).map(({ path }) => path);
  return [...new Set([...own, ...foreign])].map((path) => {
    const values = { before: valueAt(before, path), mine: valueAt(mine, path), theirs: valueAt(theirs, path) };
    const agrees = isSame(values.mine, values.theirs);
    const isBoth = own.includes(path) && foreign.includes(path) && !agrees;
    return { path, ...values, changedBy: isBoth ? 'both' : own.includes(path) ? 'me' : 'them' };
  });
}

/** Makes one version of all. @param chosen The choice of each setting; default: {@link firstChoice}. */
export function resolved(
  theirs: SettingsDocument,
  conflicts: readonly Conflict[],
  chosen: ReadonlyMap<string, 'mine' | 'theirs'>,
): SettingsDocument {
  return conflicts.reduce((document, conflict) => {
    const choice = chosen.get(conflict.path) ?? firstChoice(conflict);
    return choice === 'mine' ? withValue(document, conflict.path, conflict.mine) : document;
  }, theirs);
}

/** The choice that a setting begins with. */
export function firstChoice({ changedBy }: Conflict): 'mine' | 'theirs' {
  return changedBy === 'them' ? 'theirs' : 'mine';
}
