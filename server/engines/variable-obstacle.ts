import type { SettingsProblem, StartProblem } from '../instances/ports/engine-adapter.ts';

/** Number of variables that a message names; it counts the others. */
const MOST_NAMES = 20;

/**
 * Why an instance with forbidden stored variables does not start; `null`: all are allowed. Such an instance was stored under
 * other rules, and can still be shown and edited. The message names all such variables, so that one edit fixes them.
 */
export function variableObstacle(problems: Iterable<SettingsProblem>): StartProblem | null {
  const reasons = new Map<string, string[]>();
  const names: string[] = [];
  let code: 'PRIVILEGED_OPTION' | 'RESERVED_OPTION' = 'PRIVILEGED_OPTION';
  for (const problem of problems) {
    if (problem.code !== 'PRIVILEGED_OPTION' && problem.code !== 'RESERVED_OPTION') continue;
    // No privilege allows a reserved variable, so this code takes precedence.
    if (problem.code === 'RESERVED_OPTION') code = problem.code;
    const name = `\`${problem.path.replace('environment.', '')}\``;
    names.push(name);
    reasons.set(problem.message, [...(reasons.get(problem.message) ?? []), name]);
  }
  const [first] = names;
  if (first === undefined) return null;
  return { code, message: names.length === 1 ? single(first, reasons) : several(names, reasons), isWarnedOf: true };
}

function single(name: string, reasons: ReadonlyMap<string, readonly string[]>): string {
  return `the stored variable ${name} ${[...reasons.keys()].join('; ')}`;
}

function several(names: readonly string[], reasons: ReadonlyMap<string, readonly string[]>): string {
  const sentences = [...reasons].map(([message, those]) => {
    if (reasons.size === 1) return `each ${message}`;
    return `${listed(those)} ${those.length === 1 ? '' : 'each '}${message}`;
  });
  return `the stored variables ${listed(names)} may not be set: ${sentences.join('; ')}`;
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
