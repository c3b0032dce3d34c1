/** What adapters need of the machine beyond reading files; `app.ts` brings it. */

/**
 * Runs a short program to its end and gives what it wrote. Any exit code is a result.
 *
 * @throws {Error} one sentence, when the program cannot be run or does not end in time
 */
export type RunTool = (
  command: string,
  args: readonly string[],
  options: { timeoutMs: number },
) => Promise<{ code: number | null; stdout: string; stderr: string }>;

/**
 * The absolute path of a program that can be executed: `command` itself when it holds a slash, else as found in the
 * folders of `searchPath`.
 *
 * @throws {Error} one sentence that names the file and says what is wrong with it
 */
export type FindProgram = (command: string, searchPath: string) => Promise<string>;
