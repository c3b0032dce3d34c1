import type { InstanceEvent } from '@llamactl/contract/events';
import type { Status } from '@llamactl/contract/instance';
import type { EventSink } from '../instances/ports.ts';

/** An {@link EventSink} that remembers. */
export class RecordingEvents implements EventSink {
  /** Everything emitted, oldest first. */
  readonly events: InstanceEvent[] = [];

  emit(event: InstanceEvent): void {
    this.events.push(structuredClone(event));
  }

  /** The statuses that an instance entered, oldest first. */
  statuses(name: string): Status[] {
    return this.events.flatMap((event) =>
      event.type === 'instance_status_changed' && event.data.name === name ? [event.data.status] : [],
    );
  }

  /** What was told of alerts: code and state, oldest first. */
  alerts(): string[] {
    return this.events.flatMap(({ type, data }) => (type === 'system_alert' ? [`${data.code} ${data.state}`] : []));
  }

  /** Codes of the alerts raised and not cleared since, in the order in which they were raised. */
  raisedAlerts(): string[] {
    const raised = new Set<string>();
    for (const { type, data } of this.events) {
      if (type !== 'system_alert') continue;
      if (data.state === 'raised') raised.add(data.code);
      else raised.delete(data.code);
    }
    return [...raised];
  }
}
