import type { CreateInstance } from '@llamactl/client';
import type { Session } from '../command-line.ts';
import { unknownInstance } from './near-instance.ts';

/**
 * The settings of an instance as `llamactl export` writes them: without defaults, and with the values of `environment`.
 *
 * @throws {Problem} when there is no such instance
 */
export async function storedEntry({ client, signal }: Session, name: string): Promise<CreateInstance> {
  const { instances } = await client.exportFleet({ signal });
  const entry = instances.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (entry !== undefined) return entry;
  throw await unknownInstance(name, instances);
}
