import type { CreateInstance, UpdateInstance } from '@llamactl/client';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { CommandLine, Invocation, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { inputObject } from '../input-file.ts';
import { merged, settingsOf } from './instance-settings.ts';
import { isOwnAddress } from '../server/own-address.ts';
import { Problem } from '../problem.ts';
import { plain } from '../screen/text.ts';
import type { SettingFlags } from './setting-flags.ts';

/** The settings of one instance on a command line. */
export interface SaidSettings {
  name: string;
  /** Flags override the file. */
  settings: UpdateInstance;
}

/** Reads `[NAME] [--file F] [flags] [-- arguments…]`. @throws {Problem} for an invalid command line */
export async function saidSettings(
  { surroundings }: CommandLine,
  session: Session,
  { words, rest, flags }: Invocation<SettingFlags>,
): Promise<SaidSettings> {
  const [given, ...surplus] = words.slice(0, words.length - rest.length);
  if (surplus.length > 0) {
    throw new Problem(`expected one name, but got also: ${surplus.join(' ')}`, EXIT.usage, [
      remedyFor(surplus[0] ?? ''),
    ]);
  }
  const fromFile = flags.file === undefined ? {} : await inputObject(session, flags.file);
  const { name: filed, ...body } = fromFile as Partial<CreateInstance>;
  const name = given ?? filed;
  if (typeof name !== 'string' || name === '') throw new Problem('no instance given: add its name', EXIT.usage);
  const isLocal = isOwnAddress(session.client.url);
  const model = await knownModel(session, flags);
  const fromFlags = settingsOf({ ...flags, ...(model !== undefined && { model }) }, rest, {
    isLocal,
    folder: process.cwd(),
    home: surroundings.home,
    environment: surroundings.environment,
    exists: existsSync,
  });
  return { name, settings: merged(body, fromFlags) };
}

/** @param word The first word after the name */
function remedyFor(word: string): string {
  if (/\.gguf$/i.test(word)) return `a model file is given as --model ${word}`;
  if (/^\w+=/.test(word)) return `an option of the engine is given as -o ${word}`;
  return 'put arguments for the engine after --, and write options as -o key=value without a space';
}

/** The path of a model by its name or reference; `undefined`: it is a path, a file here, or unknown to the server. */
async function knownModel(session: Session, { model, engine }: SettingFlags): Promise<string | undefined> {
  const isName = model !== undefined && !/^[./~]/.test(model) && (engine === undefined || engine === 'llama_cpp');
  if (!isName || existsSync(path.resolve(model))) return undefined;
  const { modelCalled, serverModels } = await import('./server-models.ts');
  const { client, signal, terminal } = session;
  const found = modelCalled(model, await serverModels(client, signal));
  if (found === null) return undefined;
  terminal.note(`using the model ${plain(found.path)}`);
  return found.path;
}
