import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { localServer } from '../server/local-server.ts';
import type { Terminal } from '../screen/terminal.ts';
import type { Surroundings } from '../surroundings.ts';
import { ownDefinition, type UnitRequest } from './print-unit.ts';
import type { ServiceControl } from './service-control.ts';

/**
 * Writes the definition, and makes the service run. Changes nothing if it runs with this definition.
 *
 * @returns whether the definition changed, and notes for people
 * @throws {Problem} when the service could not work
 */
export async function installService(
  surroundings: Pick<Surroundings, 'environment' | 'home'>,
  terminal: Pick<Terminal, 'warn'>,
  control: ServiceControl,
  request: Omit<UnitRequest, 'manager'>,
): Promise<{ isChanged: boolean; notes: string[] }> {
  await control.assertUsable();
  const { manager, file } = control;
  const { text, warnings, loaded } = await ownDefinition(surroundings, { ...request, manager });
  for (const warning of warnings) terminal.warn(`llamactl: ${warning}`);
  const present = file.isInstalled ? await control.state() : null;
  // The service of the machine has another data directory: that of its own user.
  if (manager !== 'systemd') assertFree(loaded.config.data_dir, present?.isActive === true);
  const isChanged = file.write(text);
  return { isChanged, notes: await control.activate(isChanged) };
}

/** @throws {Problem} when a server runs that is not the service's: only one can use the directory */
function assertFree(dataDirectory: string, isServicesOwn: boolean): void {
  const server = isServicesOwn ? null : localServer(dataDirectory);
  if (server === null) return;
  throw new Problem(`a server without a service uses ${dataDirectory} (process ${server.pid})`, EXIT.failed, [
    'stop it first: llamactl down; its engines keep running, and the service adopts them',
  ]);
}
