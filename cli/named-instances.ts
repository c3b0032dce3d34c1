import type { Status } from '@llamactl/client';
import type { Session } from './command-line.ts';
import { EXIT } from './exit-status.ts';
import { Problem } from './problem.ts';

/** Which instances a verb is about. */
export interface Named {
  names: readonly string[];
  /** `--all` was said. */
  all: boolean | undefined;
  /** Of those that `--all` means. */
  statuses: readonly Status[];
  /** Said when there are none of them. */
  none: string;
}

/** @throws {Problem} when neither names nor `--all` were given, or both */
export async function namesOrAll(
  { client, terminal, signal }: Session,
  { names, all = false, statuses, none }: Named,
): Promise<readonly string[]> {
  if (all && names.length > 0) throw new Problem('either names or --all, not both', EXIT.usage);
  if (!all && names.length === 0) throw new Problem('which instance? Give its name, or --all', EXIT.usage);
  if (!all) return names;
  const instances = await client.listInstances({ signal });
  const those = instances.filter(({ status }) => statuses.includes(status));
  if (those.length === 0) terminal.note(none);
  return those.map(({ name }) => name);
}
