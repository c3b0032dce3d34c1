import type { InstanceSummary, Status } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { EXIT } from '../exit-status.ts';
import { Problem } from '../problem.ts';
import { distinct } from './many.ts';

/** The selection of instances on a command line. */
export interface Named {
  names: readonly string[];
  /** The `--all` flag. */
  all: boolean | undefined;
  /** The statuses that `--all` selects. */
  statuses: readonly Status[];
  /** Printed when `--all` selects no instance. */
  none: string;
}

/** @throws {Problem} when neither names nor `--all` were given, or both */
export async function namesOrAll(
  { client, terminal, signal }: Session,
  { names, all = false, statuses, none }: Named,
): Promise<readonly string[]> {
  if (all && names.length > 0) throw new Problem('give either names or --all, not both', EXIT.usage);
  if (!all && names.length === 0) throw new Problem('NAMES is missing: name an instance, or add --all', EXIT.usage);
  // Of a single name, the command line itself resolves an alias.
  if (!all && names.length === 1) return names;
  const instances = await client.listInstances({ signal });
  if (!all) return distinct(names.map((name) => instanceCalled(name, instances)?.name ?? name));
  const those = instances.filter(({ status }) => statuses.includes(status));
  if (those.length === 0) terminal.note(none);
  return those.map(({ name }) => name);
}

/** Finds an instance by its name, ignoring case, else by its exact alias, as `/v1` does. */
export function instanceCalled<Found extends Pick<InstanceSummary, 'name' | 'aliases'>>(
  word: string,
  instances: readonly Found[],
): Found | null {
  return (
    instances.find(({ name }) => name.toLowerCase() === word.toLowerCase()) ??
    instances.find(({ aliases }) => aliases.includes(word)) ??
    null
  );
}
