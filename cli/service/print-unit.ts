import type { LoadedConfig } from '@llamactl/server/main';
import { ownProgram } from '../server/own-program.ts';
import type { Terminal } from '../screen/terminal.ts';
import type { Surroundings } from '../surroundings.ts';
import { serviceDefinition } from './service-definition.ts';
import { serviceFacts, type KeptFlags } from './service-facts.ts';
import type { ServiceManager } from './service-manager.ts';

/** The requested service definition. */
export interface UnitRequest {
  manager: ServiceManager;
  flags: KeptFlags;
  /** The flags by configuration key. */
  overrides: Readonly<Record<string, string>>;
}

/** A service definition of this program. */
export interface OwnDefinition {
  text: string;
  /** Reasons why the service may not work as meant. */
  warnings: readonly string[];
  loaded: LoadedConfig;
}

/** Prints the service definition of this program with these flags. */
export async function printUnit(
  surroundings: Pick<Surroundings, 'environment' | 'home'>,
  terminal: Terminal,
  request: UnitRequest,
): Promise<void> {
  const { text, warnings } = await ownDefinition(surroundings, request);
  for (const warning of warnings) terminal.warn(`llamactl: ${warning}`);
  terminal.print(text.trimEnd());
}

/** Makes the service definition of this program with these flags. */
export async function ownDefinition(
  { environment, home }: Pick<Surroundings, 'environment' | 'home'>,
  { manager, flags, overrides }: UnitRequest,
): Promise<OwnDefinition> {
  const { readConfig } = await import('@llamactl/server/read-config');
  const user = { environment, home };
  const loaded = readConfig({ configFile: flags.config ?? null, overrides, searchLocal: true, user });
  const { facts, warnings } = serviceFacts(manager, flags, loaded, {
    own: ownProgram(),
    searchPath: environment['PATH'] ?? '',
    home,
    folder: process.cwd(),
  });
  return { text: serviceDefinition(manager, facts), warnings, loaded };
}
