import type { FleetKeeper } from './fleet/fleet.ts';
import type { WholeChanges } from './fleet/whole-changes.ts';
import type { Manager } from './manager.ts';
import type { Clock } from './ports/time.ts';
import type { Registry } from './registry.ts';

/** How long a shutdown waits for the disk, and for stops under way. */
const PATIENCE_MS = 5_000;

interface ShutdownDependencies {
  registry: Registry;
  manager: Manager;
  fleet: FleetKeeper;
  wholeChanges: WholeChanges;
  clock: Clock;
}

/** Ends the service. Engines keep running unless `stopEngines`. */
export async function shutDown(dependencies: ShutdownDependencies, stopEngines: boolean): Promise<void> {
  const { registry, manager, fleet, wholeChanges, clock } = dependencies;
  manager.close();
  fleet.close();
  const patience = new AbortController();
  const cancel = clock.after(PATIENCE_MS, () => patience.abort());
  // Changes of several records that belong together are stored completely, unless the disk takes too long.
  await wholeChanges.settled(patience.signal);
  if (stopEngines) await manager.stopAll();
  const stopping = registry.all().filter(({ state }) => state.status === 'stopping');
  const signal = stopEngines ? undefined : patience.signal;
  await Promise.allSettled(stopping.map((mailbox) => mailbox.until(({ status }) => status !== 'stopping', signal)));
  cancel();
  await storeAtLast(registry);
}

/** Tries a last time to store unstored states. A state that cannot be stored is lost; an alert has announced that. */
export async function storeAtLast(registry: Registry): Promise<void> {
  await Promise.allSettled(registry.all().map((mailbox) => mailbox.storeAtLast()));
}
