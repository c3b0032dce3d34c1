/** Interfaces to the machine that adapters need besides reading files; `app.ts` passes them in. */

/**
 * Runs a short program to its end and returns its output. Any exit code is a result.
 *
 * @throws {Error} one sentence, when the program cannot run or does not end in time
 */
export type RunTool = (
  command: string,
  args: readonly string[],
  options: { timeoutMs: number },
) => Promise<{ code: number | null; stdout: string; stderr: string }>;

/**
 * Finds the absolute path of an executable program: `command` itself when it contains a slash, otherwise from the folders
 * of `searchPath`.
 *
 * @throws {Error} one sentence that names the file and the problem
 */
export type FindProgram = (command: string, searchPath: string) => Promise<string>;
