import type { AuditChange } from '@llamactl/contract/auth';
import { ConfigSchema } from '@llamactl/contract/config';
import type { ConfigPatch } from '@llamactl/contract/config';
import { MOST_PROBLEMS } from '@llamactl/contract/errors';
import type { JsonValue } from '@llamactl/contract/request-additions';
import { changedPaths } from './changes.ts';
import { composeConfig, overlaid } from './compose.ts';
import type { ComposedConfig, ConfigInputs } from './compose.ts';
import type { CurrentFile } from './current-file.ts';
import type { YamlPath } from './differences.ts';
import type { ConfigFile } from './config-document.ts';
import { dotted, shown } from './issues.ts';
import { keysBelow } from './config-keys.ts';
import { mergePatch, pinning } from './patch.ts';
import { valueAt } from './record.ts';
import { protection } from './protection.ts';
import type { ConfigEditorRights } from './protection.ts';
import { maskedAt } from './config-view.ts';
import { isRecord } from '@llamactl/contract/record';
import { hubSettingsIn, misdirection } from './hub-token-rule.ts';
import { forbidden, invalid, pinned, unwritable } from './config-refusals.ts';
import { editYaml } from './yaml-edit.ts';

/** Most keys that one patch may change: writing a key blocks the server for a millisecond. */
const MOST_CHANGES = 1_000;

/** The result of a patch. */
export interface Plan {
  /** New text of the file; `null`: unchanged. */
  text: string | null;
  /** The keys of the file that change, with their values; secret keys are masked. */
  changes: AuditChange[];
  /** The configuration from the next start on. */
  after: ComposedConfig;
}

/**
 * Checks a patch as a whole: whether the caller may change these keys, whether the changes take effect, whether the result
 * is valid, and how to write it.
 *
 * Throws an ApiError when a check fails.
 */
export function planned(
  current: CurrentFile,
  patch: ConfigPatch,
  surroundings: ConfigInputs,
  rights: ConfigEditorRights,
): Plan {
  const { file, path } = current;
  const values = file?.values ?? {};
  const effective = effectiveValues(file, surroundings);
  const { values: wanted, problems } = mergePatch(values, patch, effective);
  const changes = changedPaths(values, wanted);

  const reasons = Iterator.from(changes).flatMap((change) => {
    const reason = protection(change, rights);
    return reason === null ? [] : [[shown(change), reason] as const];
  });
  const refused = new Map(reasons.take(MOST_PROBLEMS));
  if (refused.size > 0) throw forbidden(refused);
  const winners = pinning(patch, effective, surroundings.overrides);
  if (winners.length > 0) throw pinned(winners);

  const place = { path, locate: file?.locate ?? ((): string => path) };
  const next = composeConfig({ ...place, values: wanted }, surroundings);
  const all = [...problems.map((problem) => ({ ...problem, place: null })), ...(next.problems ?? [])];
  if (next.composed === null || all.length > 0) throw invalid(all, patch);
  const before = hubSettingsIn(overlaid(values, surroundings.overrides));
  const reason = rights === 'machine user' ? null : misdirection(before, next.composed.config.models, patch);
  if (reason !== null) throw forbidden(new Map([['models.hf_endpoint', reason]]));

  if (changes.length > MOST_CHANGES) {
    const words = `would change in ${changes.length} keys at once; one request changes at most ${MOST_CHANGES}.`;
    throw invalid([{ path: [], words, place: null }], patch);
  }
  if (changes.length === 0) return { text: null, changes: [], after: next.composed };
  if (!current.isRegular) throw unwritable(path, 'it is not a regular file');
  const text = editYaml(file?.text ?? '', wanted, mayBeVoid);
  if (text === null)
    throw unwritable(path, 'it is written in a way that llamactl cannot change piece by piece; edit it by hand');
  if (text === file?.text) return { text: null, changes: [], after: next.composed };
  return { text, changes: changes.map((key) => changeOf(key, values, wanted)), after: next.composed };
}

function changeOf(key: readonly string[], before: unknown, after: unknown): AuditChange {
  const of = (values: unknown): JsonValue => {
    const value = valueAt(values, key) ?? null;
    // Values of YAML are values of JSON.
    return value === null ? null : (maskedAt(value, key) as JsonValue);
  };
  return { path: dotted(key), before: of(before), after: of(after) };
}

/** The values in effect now, with paths as written; for an invalid file, its own values. */
function effectiveValues(file: ConfigFile | null, surroundings: ConfigInputs): unknown {
  const { composed } = composeConfig(file, surroundings);
  return composed?.written ?? layered(ConfigSchema.parse({}), overlaid(file?.values ?? {}, surroundings.overrides));
}

function layered(below: unknown, above: unknown): unknown {
  if (!isRecord(below) || !isRecord(above)) return above;
  const keys = new Set([...Object.keys(below), ...Object.keys(above)]);
  return Object.fromEntries(
    [...keys].map((key) => [key, Object.hasOwn(above, key) ? layered(below[key], above[key]) : below[key]]),
  );
}

/** Whether a key without a value counts as missing: for keys of the schema, not for names that users choose. */
function mayBeVoid(path: YamlPath): boolean {
  return keysBelow(path.slice(0, -1).map(String)).includes(String(path.at(-1)));
}
