import type { InstanceState } from '../instances/life/lifecycle.ts';
import { Mailbox } from '../instances/life/mailbox.ts';
import { NEW_STATE } from '../instances/life/transitions.ts';
import type { InstanceRecord } from '../instances/ports/instance-record.ts';
import { Registry } from '../instances/registry.ts';
import { newSettings } from '../instances/settings/settings.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryStore } from './memory-store.ts';
import { RecordingEvents } from './recording-events.ts';

/** An instance named `Model-ID` with this port. */
export function portRecord(id: string, port: number, aliases: string[] = []): InstanceRecord {
  const settings = newSettings({ aliases });
  return { id, name: `Model-${id}`, port, portAssigned: true, settings, createdAt: '', updatedAt: '', version: 1 };
}

/** A registry with these instances, stopped unless a state is given. llamactl itself listens on port 8101. */
export function sampleRegistry(...entries: [InstanceRecord, InstanceState?][]): Registry {
  const registry = new Registry(() => 8_101);
  const dependencies = {
    store: new MemoryStore(),
    events: new RecordingEvents(),
    clock: new FakeClock(),
    effects: { run: () => {} },
    onFault: () => {},
  };
  for (const [record, state] of entries) registry.add(new Mailbox(record, state ?? NEW_STATE, dependencies));
  return registry;
}
