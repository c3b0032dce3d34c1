import { MOST_PROBLEMS, type ApiError, type ErrorCode, type Problem } from '@llamactl/contract/errors';
import type { CreateInstance } from '@llamactl/contract/instance';
import type { Engines } from '../ports/engine-adapter.ts';
import type { Settings } from '../ports/instance-record.ts';
import { refused, settingsProblems, wantedSettings, type GroupNames } from '../settings/settings.ts';

/** A problem of an entry; the path is relative to the entry. */
export type EntryProblem = Problem & { code: ErrorCode; entry: number };

/** Checks each entry on its own, and that all names differ. Stops at {@link MOST_PROBLEMS}: the document is refused anyway. */
export async function judgeEntries(
  entries: readonly CreateInstance[],
  engines: Engines,
  groups: GroupNames,
  storedOf: (name: string) => Settings | null,
): Promise<{ problems: EntryProblem[]; warnings: string[][] }> {
  const problems = sameNames(entries);
  const warnings: string[][] = [];
  let warned = 0;
  for (const [entry, body] of entries.entries()) {
    if (problems.length >= MOST_PROBLEMS) break;
    const stored = storedOf(body.name);
    const settings = wantedSettings(body, stored);
    const found = await settingsProblems(settings, engines, groups, stored, MOST_PROBLEMS - warned);
    warned += found.warnings.length;
    problems.push(...found.problems.map((problem) => ({ ...problem, entry })));
    warnings.push(found.warnings);
    // The launch plans of both will be compared.
    for (const each of [stored, settings]) if (each !== null) await engines.find(each.engine)?.learn(each);
  }
  return { problems, warnings };
}

/** One error for all problems of a document, in the order of its entries. */
export function refusedDocument(problems: readonly EntryProblem[]): ApiError {
  const ordered = problems.toSorted((one, other) => one.entry - other.entry).slice(0, MOST_PROBLEMS);
  return refused(ordered.map((problem) => ({ ...problem, path: `instances[${problem.entry}].${problem.path}` })));
}

function sameNames(entries: readonly CreateInstance[]): EntryProblem[] {
  const first = new Map<string, number>();
  const problems: EntryProblem[] = [];
  for (const [entry, { name }] of entries.entries()) {
    const other = first.get(name.toLowerCase());
    if (other === undefined) {
      first.set(name.toLowerCase(), entry);
      continue;
    }
    const message = `is the name of instances[${other}] too; names have to differ in more than case`;
    problems.push({ code: 'VALIDATION_ERROR', path: 'name', message, entry });
    if (problems.length === MOST_PROBLEMS) break;
  }
  return problems;
}
