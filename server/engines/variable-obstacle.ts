import type { SettingsProblem, StartProblem } from '../instances/ports.ts';

/**
 * Why an instance whose stored variables may not be set does not start; `null`: they may. Such an instance was stored
 * under other rules. It shows and edits as every other.
 */
export function variableObstacle(problems: Iterable<SettingsProblem>): StartProblem | null {
  for (const { code, path, message } of problems) {
    if (code === 'VALIDATION_ERROR') continue;
    return { code, message: `the stored variable \`${path.replace('environment.', '')}\` ${message}` };
  }
  return null;
}
