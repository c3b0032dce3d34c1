import type { Engines, EventSink } from '../ports.ts';
import type { Mailbox } from '../life/mailbox.ts';
import { isRestartRequired } from '../instance-view.ts';

export interface LateKnowledgeDependencies {
  engines: Engines;
  events: Pick<EventSink, 'emit'>;
  /** Aborted when this server has nothing more to say. */
  over: AbortSignal;
}

/**
 * Learns of the engine of an instance what its plan has to know, behind a boot: a program may take seconds to tell, or hang,
 * and nobody waits for that but who starts it. That its run is to be restarted is known then, and told. Never rejects.
 */
export async function learnBehind(
  { engines, events, over }: LateKnowledgeDependencies,
  mailbox: Mailbox,
): Promise<void> {
  const { settings } = mailbox.record;
  const adapter = engines.find(settings.engine);
  if (adapter === null || adapter.isLearnt(settings)) return;
  await adapter.learn(settings);
  const { record, state } = mailbox;
  // Whoever has changed the settings meanwhile was told.
  if (over.aborted || mailbox.isClosed || record.settings !== settings) return;
  // A run that is being ended has its successor ahead, or none.
  if ('ending' in state) return;
  if (isRestartRequired(state, adapter.plan(record)))
    events.emit({ type: 'instance_updated', data: { name: record.name } }, record.id);
}
