import type { Instance, JsonValue } from '@llamactl/client';
import { isRecord } from '../../lib/record.ts';
import { NESTED, SETTINGS } from '../../lib/setting-keys.ts';

/** Settings of an instance as one JSON object, in the form of `POST /instances`. A setting that is absent has its default. */
export type SettingsDocument = Readonly<Record<string, JsonValue>>;

/** Returns the settings in the record of an instance. A setting that was not given has the value that counts. */
export function documentOf(record: Instance): SettingsDocument {
  const { model_path: file, ...rest } = record;
  // The server finds the file of a named model itself, and refuses both.
  const given = rest.model === undefined ? { ...rest, model_path: file } : rest;
  const values = new Map<string, unknown>(Object.entries(given));
  return Object.fromEntries(
    SETTINGS.flatMap((key): [string, JsonValue][] => {
      const value = values.get(key);
      return isJson(value) ? [[key, value]] : [];
    }),
  );
}

/** Defaults that no configuration changes. A record also has them without a setting. */
const DEFAULTS: SettingsDocument = {
  engine: 'llama_cpp',
  options: {},
  extra_args: [],
  environment: {},
  aliases: [],
  unlisted: false,
  auto_start: true,
  on_demand: true,
  pinned: false,
  queue_limit: 1_000,
  request_defaults: {},
  request_strip: [],
  isolated: false,
  keep_context: 'off',
};

/** The settings of a record that only have their default. */
export function defaultsIn(base: SettingsDocument): SettingsDocument {
  return Object.fromEntries(Object.entries(base).filter(([key, value]) => isSame(value, DEFAULTS[key])));
}

/** The settings that a person has to read: those of a record that only have their default are left out. */
export function withoutDefaults(document: SettingsDocument, base: SettingsDocument): SettingsDocument {
  const hidden = defaultsIn(base);
  return Object.fromEntries(
    Object.entries(document).filter(([key, value]) => !Object.hasOwn(hidden, key) || !isSame(value, hidden[key])),
  );
}

/** The engine of an instance with these settings. */
export function engineOf(document: SettingsDocument): string {
  return typeof document['engine'] === 'string' ? document['engine'] : 'llama_cpp';
}

/** Returns the same settings in the order of the form. */
export function ordered(document: SettingsDocument): SettingsDocument {
  const known: readonly string[] = SETTINGS;
  const rank = (key: string): number => (known.includes(key) ? known.indexOf(key) : known.length);
  return Object.fromEntries(Object.entries(document).toSorted(([one], [other]) => rank(one) - rank(other)));
}

/** Whether a value can be written as JSON. */
export function isJson(value: unknown): value is JsonValue {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return true;
  if (Array.isArray(value)) return value.every(isJson);
  return isRecord(value) && Object.values(value).every(isJson);
}

/** Splits a path at its first dot, as names of options may have dots too. The second part is `null` for a whole setting. */
function split(path: string): [string, string | null] {
  const dot = path.indexOf('.');
  const head = dot === -1 ? path : path.slice(0, dot);
  return dot === -1 || !NESTED.has(head) ? [path, null] : [head, path.slice(dot + 1)];
}

/** Returns the value at a dotted path; `undefined`: absent. */
export function valueAt(document: SettingsDocument, path: string): JsonValue | undefined {
  const [head, rest] = split(path);
  const value = document[head];
  if (rest === null) return value;
  return isRecord(value) ? value[rest] : undefined;
}

/** Returns a document with another value at a dotted path. @param value `undefined` removes it. */
export function withValue(document: SettingsDocument, path: string, value: JsonValue | undefined): SettingsDocument {
  const [head, rest] = split(path);
  if (rest === null) return put(document, head, value);
  const inner = document[head];
  const next = put(isRecord(inner) ? inner : {}, rest, value);
  return put(document, head, Object.keys(next).length === 0 ? undefined : next);
}

function put(object: SettingsDocument, key: string, value: JsonValue | undefined): SettingsDocument {
  const { [key]: _, ...others } = object;
  return value === undefined ? others : { ...object, [key]: value };
}

/** Whether two JSON values are the same. The order of keys does not count. */
export function isSame(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, at) => isSame(item, other[at]));
  }
  if (isRecord(one) && isRecord(other)) {
    const keys = Object.keys(one);
    return keys.length === Object.keys(other).length && keys.every((key) => isSame(one[key], other[key]));
  }
  return one === other;
}

/**
 * Returns the merge patch (RFC 7396) that makes `after` of `before`. An empty object and an absent one are the same.
 */
export function patchOf(before: SettingsDocument, after: SettingsDocument): SettingsDocument {
  const patch: Record<string, JsonValue> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, value] = [before[key], after[key]];
    if (isSame(old, value)) continue;
    if (isRecord(old) && (value === undefined || isRecord(value))) {
      const inner = patchOf(old, value ?? {});
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (value !== undefined) patch[key] = value;
    else patch[key] = null;
  }
  return patch;
}

/** A setting that differs between two documents. */
export interface Change {
  /** Dotted: `options.ctx_size`. */
  path: string;
  /** `undefined`: it was not set. */
  before: JsonValue | undefined;
  /** `undefined`: it is no longer set. */
  after: JsonValue | undefined;
}

/** Returns the settings that differ, in the order of the form. */
export function changesBetween(before: SettingsDocument, after: SettingsDocument): Change[] {
  const known: readonly string[] = SETTINGS;
  const rest = [...Object.keys(before), ...Object.keys(after)].filter((key) => !known.includes(key));
  return [...known, ...new Set(rest)].flatMap((key) => {
    const [old, value] = [before[key], after[key]];
    if (!NESTED.has(key) || (!isRecord(old) && !isRecord(value))) return change(key, old, value);
    const [inside, outside] = [isRecord(old) ? old : {}, isRecord(value) ? value : {}];
    const names = new Set([...Object.keys(inside), ...Object.keys(outside)]);
    return [...names].flatMap((name) => change(`${key}.${name}`, inside[name], outside[name]));
  });
}

function change(path: string, before: JsonValue | undefined, after: JsonValue | undefined): Change[] {
  return isSame(before, after) ? [] : [{ path, before, after }];
}

/** A value on one line, as people read it; `undefined` is `null`. */
export function valueText(value: JsonValue | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
