import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Signs that a test file changes or measures its whole process. Other test files in that process would notice the
 * change, or disturb the measurement.
 */
const OF_A_PROCESS =
  /\bvi\.(?:mock|stubEnv|stubGlobal|useFakeTimers)\(|\bprocess\.(?:on|chdir|cpuUsage|memoryUsage)\(|\bsetFlagsFromString\(|\/proc\/self\/fd/;

/**
 * The test files that need a process of their own. Reads the files, so that a new one is never forgotten in a list.
 *
 * @param pattern Glob of test files, relative to `root`.
 * @returns Paths relative to `root`.
 */
export function filesWithOwnProcess(root: string, pattern: string): string[] {
  const files = globSync(pattern, { cwd: root, exclude: (name) => name.includes('node_modules') });
  return files.filter((file) => OF_A_PROCESS.test(readFileSync(path.join(root, file), 'utf8'))).toSorted();
}
