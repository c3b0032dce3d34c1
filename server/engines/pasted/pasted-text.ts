import type { Parsed } from '@llamactl/contract/engine';
import { ApiError } from '@llamactl/contract/errors';
import { readPastedCommand } from './pasted-command.ts';
import { PastedSettings, type PastedTerms } from './pasted-settings.ts';
import { readSwapConfiguration } from './pasted-swap-configuration.ts';
import { readSwapText } from './pasted-swap-text.ts';

/**
 * Reads settings from a text that a person pastes: a command line of llama-server, a `docker run`, or a llama-swap
 * configuration. Runs nothing.
 *
 * @throws {ApiError} `VALIDATION_ERROR`: the text is none of these
 */
export function parsePasted(text: string, terms: PastedTerms): Parsed {
  const configuration = readSwapText(text);
  if (configuration !== null) {
    if ('problem' in configuration) throw unreadable(configuration.problem);
    return readSwapConfiguration(configuration, terms);
  }
  // A single command becomes an instance of llama.cpp.
  const { engines: _engines, ...own } = terms;
  const settings = new PastedSettings(own);
  const command = readPastedCommand(text, settings);
  if ('problem' in command) {
    const { problem, words } = command;
    throw unreadable(words === undefined ? problem : `${problem}; a custom engine in the configuration can run it`);
  }
  return { format: command.format, instances: [settings.result()] };
}

function unreadable(message: string): ApiError {
  return new ApiError('VALIDATION_ERROR', `The text ${message}.`, { problems: [{ path: 'text', message }] });
}
