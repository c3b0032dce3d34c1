import type { Engines, EventSink } from '../ports.ts';
import type { Mailbox } from '../life/mailbox.ts';
import { isRestartRequired } from '../instance-view.ts';

export interface LateKnowledgeDependencies {
  engines: Engines;
  events: Pick<EventSink, 'emit'>;
  /** Aborted when this server hands over or shuts down. */
  over: AbortSignal;
}

/**
 * Learns an engine's flags in the background of a boot. The program may take seconds to print them, or hang, and only its own
 * start waits for that. If the result shows that the run needs a restart, sends `instance_updated`. Never rejects.
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
  // A later change of the settings has sent its own event.
  if (over.aborted || mailbox.isClosed || record.settings !== settings) return;
  // A run that is ending needs no restart.
  if ('ending' in state) return;
  if (isRestartRequired(state, adapter.plan(record)))
    events.emit({ type: 'instance_updated', data: { name: record.name } }, record.id);
}
