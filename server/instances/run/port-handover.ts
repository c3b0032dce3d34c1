import { GRACE_MS, patience } from '../life/patience.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { Clock } from '../ports/time.ts';
import type { Registry } from '../registry.ts';

/**
 * Waits until another instance, whose engine is ending, has left the port of `record`, so that two instances can swap ports.
 * Resolves to true if such an instance existed and is gone. Waits as long as a delete would.
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
