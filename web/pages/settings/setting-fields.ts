import type { ConfigRules, ConfigSource, ConfigView } from '@llamactl/client';
import { flawOfNumber } from '../../lib/number-limits.ts';
import { isRecord } from '../../lib/record.ts';
import { flawOfText, limitsOf, NO_LIMITS, type LimitFlaw, type SettingLimits } from './setting-limits.ts';

/** How a setting is edited. `group`: all groups, or one of them; the fields of a group are settings of their own. */
export type SettingKind = 'switch' | 'number' | 'text' | 'choice' | 'texts' | 'numbers' | 'map' | 'secret' | 'group';

/** Texts that the user has typed, by key; `null`: the default. */
export type Drafts = ReadonlyMap<string, string | null>;

/** One setting of the configuration. */
export interface Setting {
  /** Dotted: `server.port`. */
  key: string;
  /** Where its value is in the configuration. Names that users choose may have dots. */
  path: readonly string[];
  section: string;
  kind: SettingKind;
  description: string | null;
  /** For `choice`. */
  choices: readonly string[];
  limits: SettingLimits;
  value: unknown;
  source: ConfigSource;
  /** The event after which a change counts. */
  effect: ConfigRules['effect'];
  /** Why this page cannot change it, in the words of the server; `null`: it can. */
  locked: string | null;
  isPending: boolean;
}

/** The part of a JSON schema that this page reads. */
interface SchemaPart extends Readonly<Record<string, unknown>> {
  description?: unknown;
  enum?: unknown;
  items?: unknown;
}

/** The fields of a group, with the values that count if none is set. */
const GROUP_FIELDS: Readonly<Record<keyof ConfigView['config']['groups'][string], number | boolean>> = {
  max_running: 0,
  exclusive: false,
  pinned: false,
};

/** The answers and texts that the settings of the page come from. */
export interface SettingSources {
  view: ConfigView;
  /** The description of the API, for texts and choices. */
  api: unknown;
  /** Texts in the reader's language, by those of the API. */
  notes: Readonly<Record<string, string>>;
}

/** Lists the settings, in the order of the answer. @param newGroups Names of groups that are not saved. */
export function settingsOf(sources: SettingSources, newGroups: readonly string[] = []): Setting[] {
  const keys = Object.keys(sources.view.sources);
  const firstOfGroups = keys.find(isOfGroups);
  return keys.flatMap((key) => {
    if (!isOfGroups(key)) return [settingAt(key.split('.'), sources)];
    return key === firstOfGroups ? settingsOfGroups(sources, newGroups) : [];
  });
}

/** The fields of a group, which may not exist, as settings: also those that are not set. */
export function settingsOfGroup(name: string, sources: SettingSources): Setting[] {
  return Object.entries(GROUP_FIELDS).map(([field, standard]) => settingAt(['groups', name, field], sources, standard));
}

function settingsOfGroups(sources: SettingSources, newGroups: readonly string[]): Setting[] {
  const names = new Set([...Object.keys(sources.view.config.groups), ...newGroups]);
  return [
    { ...settingAt(['groups'], sources), kind: 'group' },
    ...[...names].flatMap((name): Setting[] => [
      { ...settingAt(['groups', name], sources), kind: 'group' },
      ...settingsOfGroup(name, sources),
    ]),
  ];
}

function isOfGroups(key: string): boolean {
  return key === 'groups' || key.startsWith('groups.');
}

/** @param standard The value that counts if none is set. */
function settingAt(path: readonly string[], { view, api, notes }: SettingSources, standard?: unknown): Setting {
  const key = path.join('.');
  const schema = descend(api, ['components', 'schemas', 'ConfigView', 'properties', 'config']);
  const value = descend(view.config, path) ?? standard;
  const part = partOf(schema, path);
  const choices = textsOf(part.enum);
  const rules = view.rules[key];
  return {
    key,
    path,
    section: path.length === 1 && !isRecord(value) ? 'general' : (path[0] ?? 'general'),
    kind: rules?.secret === true ? 'secret' : kindOf(value, part, choices),
    description: typeof part.description === 'string' ? (notes[part.description] ?? part.description) : null,
    choices,
    limits: limitsOf(part),
    value,
    source: view.sources[key] ?? { from: 'default' },
    effect: rules?.effect ?? 'reload',
    locked: rules?.locked ?? null,
    isPending: view.pending.includes(key),
  };
}

function kindOf(value: unknown, part: SchemaPart, choices: readonly string[]): SettingKind {
  if (typeof value === 'boolean') return 'switch';
  if (typeof value === 'number') return 'number';
  if (choices.length > 0) return 'choice';
  if (Array.isArray(value)) {
    const items = value.length > 0 ? typeof value[0] : isRecord(part.items) ? part.items['type'] : 'string';
    return items === 'number' || items === 'integer' ? 'numbers' : 'texts';
  }
  return isRecord(value) ? 'map' : 'text';
}

/** A value as the text of its control. */
export function textOfValue(value: unknown, kind: SettingKind): string {
  switch (kind) {
    case 'secret':
      return '';
    case 'texts':
    case 'numbers':
      return Array.isArray(value) ? value.join('\n') : '';
    case 'map':
    case 'group':
      if (value === undefined) return '';
      return isRecord(value) && Object.keys(value).length === 0 ? '{}' : JSON.stringify(value, null, 2);
    default:
      return typeof value === 'string'
        ? value
        : typeof value === 'number' || typeof value === 'boolean'
          ? String(value)
          : '';
  }
}

/** The value of a text; `flaw`: why it is none. A server judges everything else. */
export function valueOfText(
  text: string,
  kind: SettingKind,
  limits: SettingLimits = NO_LIMITS,
): { value: unknown } | { flaw: 'notNumber' | 'notList' | 'notMap' | LimitFlaw } {
  switch (kind) {
    case 'switch':
      return { value: text === 'true' };
    case 'number': {
      const number = Number(text);
      if (text.trim() === '' || !Number.isFinite(number)) {
        if (limits.duration === null) return { flaw: 'notNumber' };
        // The server reads durations, so that they mean the same here and in the file.
        return limits.duration.test(text.trim()) ? { value: text.trim() } : { flaw: 'notDuration' };
      }
      const flaw = flawOfNumber(number, limits);
      return flaw === null ? { value: number } : { flaw };
    }
    case 'texts':
      return { value: linesOf(text) };
    case 'numbers': {
      const numbers = linesOf(text).map(Number);
      return numbers.some((number) => !Number.isFinite(number)) ? { flaw: 'notList' } : { value: numbers };
    }
    case 'map':
    case 'group':
      return mapOf(text);
    default: {
      const flaw = flawOfText(text, limits);
      return flaw === null ? { value: text } : { flaw };
    }
  }
}

/** Settings in the order of the page: those that it cannot change come last, in each section and as sections. */
export function inOrder(settings: readonly Setting[]): Setting[] {
  const sections = [...Map.groupBy(settings, ({ section }) => section).values()];
  const isLocked = ({ locked }: Setting): number => Number(locked !== null);
  const isAllLocked = (section: readonly Setting[]): number => Number(section.every(({ locked }) => locked !== null));
  return sections
    .toSorted((one, other) => isAllLocked(one) - isAllLocked(other))
    .flatMap((section) => section.toSorted((one, other) => isLocked(one) - isLocked(other)));
}

/** The value to save at a place of the configuration; `undefined`: the default. */
export interface SettingChange {
  path: readonly string[];
  value: unknown;
}

/** The body that saves changes. A place comes after those that it is in. */
export function patchOf(changes: readonly SettingChange[]): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const { path, value } of changes) {
    const last = path.at(-1) ?? '';
    let place = patch;
    for (const name of path.slice(0, -1)) {
      const next = place[name];
      const inner = isRecord(next) ? next : {};
      place[name] = inner;
      place = inner;
    }
    place[last] = value ?? null;
  }
  return patch;
}

/** Whether a setting has the words of a search in its key or description. */
export function matches({ key, description }: Setting, search: string): boolean {
  const text = `${key} ${description ?? ''}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function mapOf(text: string): { value: unknown } | { flaw: 'notMap' } {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text);
    return isRecord(value) ? { value } : { flaw: 'notMap' };
  } catch (error) {
    if (error instanceof SyntaxError) return { flaw: 'notMap' };
    throw error;
  }
}

function partOf(schema: unknown, path: readonly string[]): SchemaPart {
  const part = path.reduce((at, name) => {
    const named = descend(at, ['properties', name]);
    // Users choose the names of groups and other maps: their values are all of one kind.
    return named === undefined ? descend(at, ['additionalProperties']) : named;
  }, schema);
  return isRecord(part) ? part : {};
}

function descend(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) at = isRecord(at) ? at[name] : undefined;
  return at;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
