import type { Launch } from '../life/lifecycle.ts';
import type { Mailbox } from '../life/mailbox.ts';
import type { Engines } from '../ports/engine-adapter.ts';
import type { InstanceRecord } from '../ports/instance-record.ts';
import type { Randomness } from '../ports/random-values.ts';
import type { ListeningPorts } from '../ports/listening-ports.ts';
import { takesKey } from './run-key.ts';

export interface PreparationDependencies {
  engines: Engines;
  listeningPorts: Pick<ListeningPorts, 'portHolder'>;
  randomness: Pick<Randomness, 'token'>;
  /** Chooses another port for an instance whose port llamactl had chosen; `null`: the range is used up. */
  repick: (mailbox: Mailbox, avoid: ReadonlySet<number>) => Promise<InstanceRecord | null>;
  /** Waits until another instance has left the port, if its engine is ending. */
  portHandover: (record: InstanceRecord, signal: AbortSignal) => Promise<boolean>;
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
  { engines, listeningPorts, randomness, repick, portHandover }: PreparationDependencies,
  mailbox: Mailbox,
  run: number,
  signal: AbortSignal,
): Promise<Preparation | null> {
  const avoid = new Set<number>();
  for (;;) {
    const { record } = mailbox;
    const { engine } = record.settings;
    const adapter = engines.find(engine);
    if (adapter === null) return { impossible: `the engine ${engine} is not configured` };
    await adapter.learn(record.settings);
    const plan = adapter.plan(record);
    const problem = await adapter.preflight(record, plan);
    if (problem !== null) return { impossible: problem.message };
    const holder = await listeningPorts.portHolder(plan.port);
    if (signal.aborted) return null;
    // The record changed during the checks, so the plan is out of date.
    if (mailbox.record !== record) continue;
    if (holder === null) {
      const key = takesKey(plan) ? randomness.token(24) : null;
      return { launch: { engine, nonce: `${run}-${randomness.token(12)}`, key, plan } };
    }
    avoid.add(plan.port);
    if (!record.portAssigned) {
      if (await portHandover(record, signal)) continue;
      if (signal.aborted) return null;
      return { impossible: `port ${plan.port} is in use by ${holder.description}` };
    }
    if (signal.aborted) return null;
    const repicked = await repick(mailbox, avoid);
    if (repicked === null) return { impossible: 'every port of instances.port_range is in use' };
  }
}
