import type { Launch } from '../life/lifecycle.ts';
import type { Mailbox } from '../life/mailbox.ts';
import { GRACE_MS, deadlineSignal } from '../life/deadline-signal.ts';
import type { Contexts } from '../ports/contexts.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { ListeningPorts } from '../ports/listening-ports.ts';
import type { Randomness } from '../ports/random-values.ts';
import type { Clock } from '../ports/time.ts';
import type { Registry } from '../registry.ts';
import type { PortChoice } from '../settings/port-choice.ts';
import type { MemoryAdmission } from '../slots/memory-admission.ts';
import type { StartCheck } from '../start-check.ts';
import { withContext } from './kept-context.ts';
import { takesKey } from './run-key.ts';

export interface PreparationDependencies {
  clock: Clock;
  startCheck: Pick<StartCheck, 'look'>;
  listeningPorts: Pick<ListeningPorts, 'portHolder'>;
  randomness: Pick<Randomness, 'token'>;
  registry: Pick<Registry, 'leaving'>;
  portChoice: Pick<PortChoice, 'free'>;
  contexts: Pick<Contexts, 'prepare'>;
  /** `null`: memory limits no start. */
  memory: Pick<MemoryAdmission, 'settled' | 'gpuVariables'> | null;
}

/** The launch of an engine, or the reason why it cannot be launched. */
export type Preparation = { launch: Launch } | { impossible: string };

/**
 * Checks everything that a launch needs: the engine, the model, the port. Replaces a taken port only if llamactl chose it,
 * never a port that the user chose.
 *
 * @returns `null` when aborted
 */
export async function prepareLaunch(
  dependencies: PreparationDependencies,
  mailbox: Mailbox,
  run: number,
  signal: AbortSignal,
): Promise<Preparation | null> {
  const { startCheck, listeningPorts, randomness, portChoice, contexts } = dependencies;
  const avoid = new Set<number>();
  for (;;) {
    const { record } = mailbox;
    const { engine } = record.settings;
    const { plan, obstacle } = await startCheck.look(record);
    if (plan === null) return { impossible: `the engine ${engine} is not configured` };
    if (obstacle !== null) return { impossible: obstacle.message };
    const holder = await listeningPorts.portHolder(plan.port);
    await dependencies.memory?.settled(record);
    if (signal.aborted) return null;
    // The record changed during the checks, so the plan is out of date.
    if (mailbox.record !== record) continue;
    if (holder === null) {
      const gpuVariables = dependencies.memory?.gpuVariables(record.id) ?? null;
      const kept = await withContext(contexts, record.id, plan);
      if (signal.aborted) return null;
      const key = takesKey(plan) ? randomness.token(24) : null;
      const nonce = `${run}-${randomness.token(12)}`;
      const { plan: ofContext, ...context } = kept;
      const placed = gpuVariables === null ? ofContext : { ...ofContext, gpuVariables };
      return { launch: { engine, nonce, key, ...context, plan: placed } };
    }
    avoid.add(plan.port);
    if (!record.portAssigned) {
      if (await untilPortLeft(dependencies, record, signal)) continue;
      if (signal.aborted) return null;
      return { impossible: `port ${plan.port} is in use by ${holder.description}` };
    }
    if (signal.aborted) return null;
    const port = portChoice.free(record.id, avoid);
    if (port === null) return { impossible: 'every port of instances.port_range is in use' };
    await mailbox.amend({ ...record, port, version: record.version + 1 });
  }
}

/**
 * Waits for another instance whose ending engine still has the port of `record`, so that two instances can swap ports.
 * Resolves to true if there was such an instance and it has left the port. Waits as long as a delete would.
 */
async function untilPortLeft(
  { registry, clock }: PreparationDependencies,
  { id, port }: InstanceRecord,
  signal: AbortSignal,
): Promise<boolean> {
  const owner = registry.leaving(port, id);
  if (owner === null || !('ending' in owner.state)) return false;
  const waiting = deadlineSignal(clock, owner.state.ending.deadline + GRACE_MS, signal);
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
