import path from 'node:path';
import { splitWords } from '../../../format/shell-words.ts';
import { readCommand } from './pasted-arguments.ts';
import { isContainerRun, readContainerRun } from './pasted-container.ts';
import type { PastedSettings } from './pasted-settings.ts';

const SHELLS = /^(?:ba|da|z)?sh$/;
/** `-c`, also with other switches of a shell: `-lc`. */
const SCRIPT_FLAG = /^-[a-z]*c$/;
/** Characters by which a script is more than one plain command. */
const SCRIPT = /[;&|<>`\n]|\$\(|\$[A-Za-z{]/;

/** A command line that was read, or why it was not. */
export type PastedCommand =
  | { format: 'command' | 'docker' }
  /** `words`: those of the command, if it runs another program, which a custom engine can run. */
  | { problem: string; words?: readonly string[] };

/**
 * Reads a command line of llama-server, or a `docker run`, into settings. Runs nothing.
 *
 * @returns its kind, or a problem as the end of a sentence
 */
export function readPastedCommand(text: string, settings: PastedSettings): PastedCommand {
  const words = wordsOf(text);
  if (typeof words === 'string') return { problem: words };
  const isContainer = isContainerRun(words);
  const unread = (isContainer ? readContainerRun : readCommand)(words, settings.catalogue, settings);
  if (unread !== null) return { problem: unread.problem, ...(unread.isOther && { words }) };
  settings.nameAfterAlias();
  const { modelPath } = settings;
  if (modelPath !== undefined) settings.nameAfter(path.basename(modelPath).replace(/\.gguf$/i, ''));
  return { format: isContainer ? 'docker' : 'command' };
}

/**
 * The words of a command line, or why it has none. A line may end in a backslash, or begin with the prompt of a shell or a
 * comment.
 */
function wordsOf(text: string): string[] | string {
  const line = withoutComments(text)
    .replaceAll(/\\?\r?\n/g, ' ')
    .replace(/^\s*[$>]\s+/, '');
  const words = splitWords(line);
  if (words === null) return 'has a quote that is not closed';
  const [program, flag, script] = words;
  if (program === undefined) return 'has no command';
  if (script === undefined || !SHELLS.test(path.basename(program)) || !SCRIPT_FLAG.test(flag ?? '')) return words;
  if (SCRIPT.test(script.replaceAll('${PORT}', '')))
    return 'runs a script of a shell; give the command of llama-server itself';
  return splitWords(script) ?? 'has a quote that is not closed';
}

/** A command of several lines without those that are comments. */
export function withoutComments(text: string): string {
  return text.replaceAll(/^[^\S\n]*#.*$/gm, '');
}
