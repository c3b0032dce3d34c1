import path from 'node:path';
import type { Parsed, ParsedInstance } from '@llamactl/contract/engine';
import { ApiError } from '@llamactl/contract/errors';
import { splitWords } from '../../../format/shell-words.ts';
import type { FlagCatalogue } from '../flags.ts';
import { readCommand } from './pasted-arguments.ts';
import { isContainerRun, readContainerRun } from './pasted-container.ts';
import { PastedSettings } from './pasted-settings.ts';
import { readSwapModels } from './pasted-swap-models.ts';

/**
 * Reads settings from a text that a person pastes: a command line of llama-server, a `docker run`, or models of a llama-swap
 * configuration. Runs nothing.
 *
 * @param catalogue The flags of the installed llama-server; `null`: unknown, so most arguments stay as they are.
 * @throws {ApiError} `VALIDATION_ERROR`: the text is none of these
 */
export function parsePasted(text: string, catalogue: FlagCatalogue | null): Parsed {
  const models = readSwapModels(text);
  if (models === null) {
    const words = wordsOf(text);
    const format = isContainerRun(words) ? 'docker' : 'command';
    return { format, instances: [instanceOf(words, catalogue, new PastedSettings())] };
  }
  const instances = models.map(({ settings, command }) => instanceOf(wordsOf(command), catalogue, settings));
  return { format: 'llama_swap', instances };
}

function instanceOf(
  words: readonly string[],
  catalogue: FlagCatalogue | null,
  settings: PastedSettings,
): ParsedInstance {
  const read = isContainerRun(words) ? readContainerRun : readCommand;
  const problem = read(words, catalogue, settings);
  if (problem !== null) throw unreadable(problem);
  settings.nameAfterAlias();
  const { modelPath } = settings;
  if (modelPath !== undefined) settings.nameAfter(path.basename(modelPath).replace(/\.gguf$/i, ''));
  return settings.result();
}

/** The words of a command line. A line may end in a backslash, or begin with the prompt of a shell or a comment. */
function wordsOf(text: string): string[] {
  const lines = text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .filter((line) => !line.trim().startsWith('#'));
  const words = splitWords(lines.join(' ').replace(/^\s*[$>]\s+/, ''));
  if (words === null) throw unreadable('has a quote that is not closed');
  if (words.length === 0) throw unreadable('has no command');
  return words;
}

function unreadable(message: string): ApiError {
  return new ApiError('VALIDATION_ERROR', `The text ${message}.`, { problems: [{ path: 'text', message }] });
}
