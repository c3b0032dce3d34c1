import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';

/** The status of a shell that does not find a program. */
const NOT_FOUND = 127;

/**
 * Opens a file in the editor of the user: `VISUAL`, else `EDITOR`, else vi. Resolves when the editor has ended.
 *
 * @throws {Problem} when it fails, or does not exist
 */
export async function openInEditor(
  file: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const editor = environment['VISUAL'] || environment['EDITOR'] || 'vi';
  // Through a shell, as in git: the variable may hold arguments.
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (status === 0) return;
  if (status === NOT_FOUND) {
    throw new Problem(`the editor ${editor} was not found`, EXIT.failed, ['to choose one: export EDITOR=nano']);
  }
  throw new Problem(`the editor ${editor} failed (${signal ?? `exit status ${status}`})`, EXIT.failed);
}
