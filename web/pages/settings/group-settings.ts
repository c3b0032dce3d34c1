import { matches, type Drafts, type Setting } from './setting-fields.ts';

/** The draft of a group that is not saved. Its fields have drafts of their own. */
const NEW_GROUP = '{}';
/** Most characters of the `group` of an instance. A test compares it with the API. */
export const LONGEST_NAME = 63;

/** Why a name cannot be that of a new group. */
export type GroupNameFlaw = 'empty' | 'long' | 'dot' | 'space' | 'taken';

/** The flaw of a name for a new group; `null`: it has none. */
export function flawOfGroupName(name: string, taken: readonly string[]): GroupNameFlaw | null {
  if (name === '') return 'empty';
  if (name.length > LONGEST_NAME) return 'long';
  // Its keys could be those of another group: `groups.a.pinned`.
  if (name.includes('.')) return 'dot';
  if (/\s/.test(name)) return 'space';
  return taken.includes(name) ? 'taken' : null;
}

/** Adds a group with its fields, by name. */
export function withGroup(drafts: Drafts, name: string, fields: ReadonlyMap<string, string>): Drafts {
  const added = [...fields].map(([field, text]): [string, string] => [`groups.${name}.${field}`, text]);
  return new Map([...drafts, [`groups.${name}`, NEW_GROUP], ...added]);
}

/** Removes a group with all changes of it. @param isSaved Whether the configuration has it. */
export function withoutGroup(drafts: Drafts, name: string, isSaved: boolean): Drafts {
  const key = `groups.${name}`;
  const others = [...drafts].filter(([other]) => other !== key && !other.startsWith(`${key}.`));
  return new Map([...others, ...(isSaved ? [[key, null] as const] : [])]);
}

/** The names of groups that are not saved. */
export function newGroups(drafts: Drafts): string[] {
  return [...drafts].flatMap(([key, text]) =>
    text === NEW_GROUP && key.startsWith('groups.') ? [key.slice('groups.'.length)] : [],
  );
}

/** The names of all groups, also of new and removed ones. */
export function groupNames(settings: readonly Setting[]): string[] {
  return settings.flatMap(({ path: [section, name, ...rest] }) =>
    section === 'groups' && name !== undefined && rest.length === 0 ? [name] : [],
  );
}

/** The settings of the groups in which a search finds something; all of them if it finds their section. */
export function groupsWith(settings: readonly Setting[], search: string): Setting[] {
  const ofGroups = settings.filter(({ section }) => section === 'groups');
  const found = ofGroups.filter((setting) => matches(setting, search));
  if (found.some(({ path }) => path.length === 1)) return ofGroups;
  const names = new Set(found.map(({ path }) => path[1]));
  return names.size === 0 ? [] : ofGroups.filter(({ path }) => path.length === 1 || names.has(path[1]));
}
