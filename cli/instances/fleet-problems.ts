import type { Fleet, Problem, ValidationError } from '@llamactl/client';
import { isRecord } from '@llamactl/contract/record';
import type { Session } from '../command-line.ts';

/** A place in a document: `instances[2].options.threads`. */
const PLACE = /^instances\[(\d+)\](?:\.(\w+)(?:\.(.+))?)?/;

/** Settings whose entries are judged one by one. */
const MAPS: ReadonlySet<string> = new Set(['options', 'environment', 'request_defaults']);

/** The server judges a document in this many steps: its form, models, options, and claims of names and ports. */
const STEPS = 4;

/**
 * Adds the problems that the server does not reach in a refused document. It ends at the first step that finds problems, so
 * it gets dry runs of the document without the settings that are known to be wrong.
 *
 * @param document As parsed.
 */
export async function withHiddenProblems(
  session: Session,
  error: ValidationError,
  document: unknown,
): Promise<ValidationError> {
  let problems = error.problems;
  for (let step = 1; step < STEPS; step += 1) {
    const rest = restOf(document, problems);
    const hidden = rest === null ? [] : otherProblems(await problemsOf(session, rest), problems);
    if (hidden.length === 0) break;
    problems = [...problems, ...hidden].toSorted((one, other) => entryOf(one) - entryOf(other));
  }
  if (problems.length === error.problems.length) return error;
  const { ValidationError: Complete } = await import('@llamactl/client');
  const [first, ...more] = problems.map(({ path, message }) => `${path} ${message}`.trim());
  const message = `${first} (and ${more.length} more ${more.length === 1 ? 'problem' : 'problems'})`;
  const { status, code, requestId, reason, retryAfter } = error;
  const details = [first, ...more].join('; ');
  return new Complete(message, { status, code, details, requestId, problems, reason, retryAfter });
}

async function problemsOf({ client, signal }: Session, fleet: Fleet): Promise<readonly Problem[]> {
  const { LlamactlError } = await import('@llamactl/client');
  try {
    // A limit of requests ends the search. Waiting for it would take longer than the next attempt of a person.
    await client.applyFleet(fleet, { dry_run: true, signal, retries: 0 });
    return [];
  } catch (error) {
    if (error instanceof LlamactlError) return error.problems;
    throw error;
  }
}

/** The document without the settings that have problems. `null`: no setting has one, or nothing is left. */
function restOf(document: unknown, problems: readonly Problem[]): Fleet | null {
  if (!isRecord(document) || !Array.isArray(document['instances'])) return null;
  const instances: unknown[] = structuredClone(document['instances']);
  for (const { path } of problems) {
    const [, index = '', setting, key] = PLACE.exec(path) ?? [];
    const entry = instances[Number(index)];
    if (setting === undefined || !isRecord(entry)) return null;
    const values = entry[setting];
    if (setting === 'name') entry['name'] = `entry-${index}-of-the-document`;
    else if (key !== undefined && MAPS.has(setting) && isRecord(values)) delete values[key];
    else delete entry[setting];
  }
  return problems.length === 0 ? null : { instances: instances as Fleet['instances'] };
}

/** The problems of settings that have no known one. */
function otherProblems(problems: readonly Problem[], known: readonly Problem[]): Problem[] {
  const wrong = new Set(known.map(({ path }) => settingOf(path)));
  return problems.filter(({ path }) => {
    const setting = settingOf(path);
    // Without a refused model, an entry has no model file.
    return !wrong.has(setting) && !wrong.has(setting.replace(/\.model_path$/, '.model'));
  });
}

function settingOf(path: string): string {
  const [whole, index, setting = '', key] = PLACE.exec(path) ?? [];
  if (whole === undefined) return path;
  return `${index}.${setting}${key !== undefined && MAPS.has(setting) ? `.${key}` : ''}`;
}

function entryOf({ path }: Problem): number {
  return Number(PLACE.exec(path)?.[1] ?? -1);
}
