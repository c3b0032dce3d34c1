import type { CreateInstance, UpdateInstance } from '@llamactl/client';
import { existsSync } from 'node:fs';
import type { CommandLine, Invocation, Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { inputObject } from '../input-file.ts';
import { merged, settingsOf } from './instance-settings.ts';
import { isOwnAddress } from '../server/own-address.ts';
import { Problem } from '../problem.ts';
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
    const remedy = 'put arguments for the engine after --, and write options as -o key=value without a space';
    throw new Problem(`expected one name, but got also: ${surplus.join(' ')}`, EXIT.usage, [remedy]);
  }
  const fromFile = flags.file === undefined ? {} : await inputObject(session, flags.file);
  const { name: filed, ...body } = fromFile as Partial<CreateInstance>;
  const name = given ?? filed;
  if (typeof name !== 'string' || name === '') throw new Problem('no instance given: add its name', EXIT.usage);
  const fromFlags = settingsOf(flags, rest, {
    isLocal: isOwnAddress(session.client.url),
    folder: process.cwd(),
    home: surroundings.home,
    environment: surroundings.environment,
    exists: existsSync,
  });
  return { name, settings: merged(body, fromFlags) };
}
