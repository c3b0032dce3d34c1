import { dirname } from 'node:path';
import { ConfigSchema } from '@llamactl/contract/config';
import type { Config } from '@llamactl/contract/config';
import type { Assignment } from './assignments.ts';
import type { ConfigFile } from './config-document.ts';
import { expandPaths } from './expand.ts';
import { describeIssues, wording } from './issues.ts';
import type { ConfigProblem } from './issues.ts';
import { keysBelow } from './config-keys.ts';
import { isRecord } from './record.ts';
import type { Values } from './record.ts';
import { brokenRules } from './config-rules.ts';

/** What the configuration is made of beside the file. */
export interface Surroundings {
  /** From variables and flags; the last wins. */
  assignments: readonly Assignment[];
  /** Home directory of our user: what `~` means. */
  home: string;
  cwd: string;
}

/** The parts of a file that count; its values may be others than it has now. */
export type FileValues = Pick<ConfigFile, 'path' | 'values' | 'locate'>;

/** A problem with the place where to mend it: `file:line`, a variable, the command line; `null`: nowhere. */
export type PlacedProblem = ConfigProblem & { place: string | null };

/** A configuration that holds. */
export interface ComposedConfig {
  /** Complete and checked, its paths as somebody wrote them. */
  written: Config;
  /** The same with absolute paths: to run with. */
  config: Config;
}

/** Puts default < file < environment < flag together, or says everything that is wrong with the result. */
export function composeConfig(
  file: FileValues | null,
  { assignments, home, cwd }: Surroundings,
): { composed: ComposedConfig; problems: null } | { composed: null; problems: PlacedProblem[] } {
  const sourceOf = sources(file, assignments, cwd);
  const parsed = ConfigSchema.safeParse(overlaid(file?.values ?? {}, assignments), { error: wording });
  const problems = parsed.success ? brokenRules(parsed.data) : describeIssues(parsed.error.issues);
  if (!parsed.success || problems.length > 0)
    return { composed: null, problems: problems.map((each) => ({ ...each, place: sourceOf(each.path).place })) };
  const config = expandPaths(parsed.data, { home, folder: (path) => sourceOf(path).folder });
  return { composed: { written: parsed.data, config }, problems: null };
}

/** The values of a file with what variables and flags set on top; defaults are not among them. */
export function overlaid(values: Values, assignments: readonly Assignment[]): Record<string, unknown> {
  const overlay = withoutEmpty(values);
  for (const { key, value } of assignments) set(overlay, key.path, value);
  return overlay;
}

/** The assignment that decides a key, or one of the maps that it is in. */
export function assignmentOf(assignments: readonly Assignment[], path: readonly PropertyKey[]): Assignment | undefined {
  return assignments.findLast(({ key }) => key.path.every((step, index) => path[index] === step));
}

/** Where a value comes from: in words, and the folder in which its relative paths begin. */
interface Source {
  /** `null`: a default. */
  place: string | null;
  folder: string;
}

/** What is set outside of the file wins over it, the last over the first, as the values do. */
function sources(file: FileValues | null, assignments: readonly Assignment[], cwd: string) {
  return (path: readonly PropertyKey[]): Source => {
    const assigned = assignmentOf(assignments, path);
    if (assigned) return { place: assigned.source, folder: cwd };
    return file ? { place: file.locate(path), folder: dirname(file.path) } : { place: null, folder: cwd };
  };
}

/** Leaves out keys without a value: `server:` above lines that are all comments keeps the defaults. */
export function withoutEmpty(values: Values, path: readonly string[] = []): Record<string, unknown> {
  const known = keysBelow(path);
  const kept = Object.entries(values).filter(([key, value]) => value !== null || !known.includes(key));
  return Object.fromEntries(
    kept.map(([key, value]) => {
      const isSection = isRecord(value) && keysBelow([...path, key]).length > 0;
      return [key, isSection ? withoutEmpty(value, [...path, key]) : value];
    }),
  );
}

/** A section that is no map is left alone: the schema says so. */
function set(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key = '', ...rest] = path;
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  const section = values[key] ?? {};
  if (!isRecord(section)) return;
  values[key] = section;
  set(section, rest, value);
}
