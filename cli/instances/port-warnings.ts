import type { Instance } from '@llamactl/client';
import type { Session } from '../command-line.ts';

/** The first port that is not reserved for services of the system. */
const FIRST_FREE = 1_024;

/** Warnings about a given port on which an engine could not listen now. A start would report them late. */
export async function portWarnings(
  { client, signal }: Pick<Session, 'client' | 'signal'>,
  { name, port, status }: Pick<Instance, 'name' | 'port' | 'status'>,
): Promise<string[]> {
  if (status !== 'stopped') return [];
  const { start_obstacle: obstacle } = await client.getInstanceHealth(name, { signal });
  if (obstacle?.code === 'PORT_IN_USE') return [obstacle.message];
  return port < FIRST_FREE ? [`port ${port} is below ${FIRST_FREE}, where most systems let only root listen`] : [];
}
