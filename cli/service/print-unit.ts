import type { Surroundings } from '../surroundings.ts';
import { ownProgram } from '../server/own-program.ts';
import type { Terminal } from '../screen/terminal.ts';
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

/** Prints the service definition of this program with these flags. */
export async function printUnit(
  { environment, home }: Pick<Surroundings, 'environment' | 'home'>,
  terminal: Terminal,
  { manager, flags, overrides }: UnitRequest,
): Promise<void> {
  const { readConfig } = await import('@llamactl/server/main');
  const loaded = readConfig({ configFile: flags.config ?? null, overrides, searchLocal: true });
  const { facts, warnings } = serviceFacts(manager, flags, loaded, {
    own: ownProgram(),
    searchPath: environment['PATH'] ?? '',
    home,
    folder: process.cwd(),
  });
  for (const warning of warnings) terminal.warn(`llamactl: ${warning}`);
  terminal.print(serviceDefinition(manager, facts).trimEnd());
}
