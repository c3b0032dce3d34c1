import type { Client } from '@llamactl/client';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_EVERY_MS = 250;

/** Waits until an unreachable server accepts requests again. @throws the signal's reason */
export async function serverBack(client: Pick<Client, 'getReadiness'>, signal: AbortSignal): Promise<void> {
  const { TimeoutError } = await import('@llamactl/client');
  for (;;) {
    try {
      const { status } = await client.getReadiness({ signal, retries: Infinity });
      if (status === 'ok') return;
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
