/** The old and the new value of a setting; `null`: it is not set. */
interface Values {
  setting: string;
  from: string | number | boolean | null;
  to: string | number | boolean | null;
}

/** A changed setting as people read it. */
export interface SettingChange {
  /** In full: `options.ctx_size`. */
  setting: string;
  /** As people call it: `ctx_size`. */
  name: string;
  /** Its values; `null`: they are not known. */
  values: { from: string; to: string } | null;
}

/**
 * Returns the changed settings of an event with the values that it has.
 *
 * @param standard Stands for a value that is not set.
 */
export function settingChanges(
  { changed = [], values = [] }: { changed?: readonly string[] | undefined; values?: readonly Values[] | undefined },
  standard: string,
): SettingChange[] {
  return changed.map((setting) => {
    const known = values.find((value) => value.setting === setting);
    return {
      setting,
      name: setting.replace(/^options\./, ''),
      values: known === undefined ? null : { from: textOf(known.from, standard), to: textOf(known.to, standard) },
    };
  });
}

/** A change as a row of the audit trail has it; `null`: not set. */
interface Recorded {
  path: string;
  before: unknown;
  after: unknown;
}

/** Stands for a secret. */
const MASK = '***';

/** Returns a change of the audit trail. A secret that got another value has no values. @param unset Stands for a value that is not set. */
export function recordedChange({ path, before, after }: Recorded, unset: string): SettingChange {
  const isHidden = before === MASK && after === MASK;
  const values = isHidden ? null : { from: textOf(before, unset), to: textOf(after, unset) };
  return { setting: path, name: path, values };
}

function textOf(value: unknown, unset: string): string {
  if (value === null) return unset;
  return typeof value === 'string' && value !== '' ? value : JSON.stringify(value);
}
