import { GRACE_MS, patience } from '../life/patience.ts';
import type { Clock, InstanceRecord } from '../ports.ts';
import type { Registry } from '../registry.ts';

/**
 * Waits until another instance, whose engine is being ended, has left the port of `record`: that is how two instances
 * swap their ports. Resolves to whether there was one and it is gone; its end is waited for as long as a delete would.
 */
export async function portHandover(
  registry: Pick<Registry, 'leaving'>,
  clock: Clock,
  { id, port }: Pick<InstanceRecord, 'id' | 'port'>,
  signal: AbortSignal,
): Promise<boolean> {
  const owner = registry.leaving(port, id);
  if (owner === null || !('ending' in owner.state)) return false;
  const waiting = patience(clock, owner.state.ending.deadline + GRACE_MS, signal);
  const isGone = (): boolean => registry.leaving(port, id) !== owner;
  try {
    await owner.until(isGone, waiting.signal);
  } catch (error) {
    if (!waiting.signal.aborted) throw error;
  } finally {
    waiting.cancel();
  }
  return isGone();
}
