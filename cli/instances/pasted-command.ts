import type { DroppedText, ParsedSettings } from '@llamactl/client';
import { existsSync } from 'node:fs';
import { shellQuoted } from '../../format/shell-words.ts';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { plain } from '../screen/text.ts';
import { parsedWords } from './parsed-words.ts';

/** A command line of another program, as the server read it. */
export interface PastedCommand {
  settings: ParsedSettings;
  dropped: readonly DroppedText[];
}

/** Reads settings from the words of a command line. @throws {Problem} the server cannot read them */
export async function pastedCommand(
  { client, signal }: Session,
  words: readonly string[],
  resolved: (file: string) => string,
): Promise<PastedCommand> {
  // A single word is a command line in quotes.
  const text = words.length === 1 ? words.join('') : words.map(shellQuoted).join(' ');
  const { LlamactlError } = await import('@llamactl/client');
  try {
    const { instances } = await client.parseEngineCommand({ text }, { signal });
    const { settings = {}, dropped = [] } = instances[0] ?? {};
    return { settings: withPaths(settings, resolved), dropped };
  } catch (error) {
    if (!(error instanceof LlamactlError) || error.status !== 400) throw error;
    const { reworded } = await import('../failure.ts');
    throw reworded(error, (line) => line.replace(/^The text\b/, 'the command after --'), EXIT.usage);
  }
}

/** Resolves the model file, and other model files that exist here: a command line is relative to its folder. */
function withPaths(settings: ParsedSettings, resolved: (file: string) => string): ParsedSettings {
  const { model_path: file, options = {} } = settings;
  const files = Object.entries(options).flatMap(([key, value]): [string, string][] => {
    const absolute = typeof value === 'string' && /\.gguf$/i.test(value) ? resolved(value) : null;
    return absolute !== null && existsSync(absolute) ? [[key, absolute]] : [];
  });
  return {
    ...settings,
    ...(file !== undefined && { model_path: resolved(file) }),
    ...(files.length > 0 && { options: { ...options, ...Object.fromEntries(files) } }),
  };
}

/** Names the settings that a command line became, and its parts that became none. */
export function notePasted({ terminal }: Session, { settings, dropped }: PastedCommand): void {
  const words = parsedWords(settings);
  terminal.note(plain(words.length === 0 ? 'no settings were understood' : `understood: ${words.join(', ')}`));
  for (const { text, why } of dropped)
    terminal.note(plain(`dropped ${text}: ${why.replace('give `port`', 'give --port')}`));
}
