import type { Client } from '@llamactl/client';
import { pauseFor } from './settling.ts';

/** Seconds between two probes. Polling is needed, because no event reports the health of a running engine. */
const PAUSE = 1;

/**
 * Probes a running instance until it is healthy.
 *
 * @param options At `deadline` the result is `late`; `signal` rejects.
 * @returns `ended`: the instance no longer runs
 */
export async function untilHealthy(
  client: Pick<Client, 'getInstanceHealth'>,
  name: string,
  { signal, deadline }: { signal: AbortSignal; deadline: AbortSignal | null },
): Promise<'healthy' | 'ended' | 'late'> {
  const either = deadline === null ? signal : AbortSignal.any([signal, deadline]);
  try {
    for (;;) {
      const { status } = await client.getInstanceHealth(name, { signal: either });
      if (status === 'healthy') return 'healthy';
      if (status === 'stopped') return 'ended';
      await pauseFor(PAUSE, either);
    }
  } catch (error) {
    if (signal.aborted || deadline?.aborted !== true) throw error;
    return 'late';
  }
}
