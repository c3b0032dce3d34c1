import type { DomainEvent } from '@llamactl/contract/events';
import type { Status } from '@llamactl/contract/instance';
import { PublicationOrder } from '../events/bus.ts';
import type { EventSink, KeptEvent } from '../instances/ports/event-sink.ts';

/** An {@link EventSink} that records events. */
export class RecordingEvents implements EventSink {
  /** Every event that listeners would have received, oldest first. */
  readonly events: DomainEvent[] = [];
  readonly #order = new PublicationOrder();
  #lastSeq: number;

  /** @param lastSeq The number before that of the first event. */
  constructor(lastSeq = 0) {
    this.#lastSeq = lastSeq;
  }

  keep(event: DomainEvent, instance?: string): KeptEvent {
    this.#lastSeq += 1;
    const place = { seq: this.#lastSeq, timestamp: '2026-01-01T00:00:00.000Z' };
    const kept = { ...place, event: structuredClone(event), ...(instance === undefined ? {} : { instance }) };
    this.#order.keep(kept);
    return kept;
  }

  publish(kept: KeptEvent): void {
    this.events.push(...this.#order.settle(kept, 'published').map(({ event }) => event));
  }

  discard(kept: KeptEvent): void {
    this.events.push(...this.#order.settle(kept, 'discarded').map(({ event }) => event));
  }

  emit(event: DomainEvent, instance?: string): void {
    this.publish(this.keep(event, instance));
  }

  /** The statuses of an instance, oldest first. */
  statuses(name: string): Status[] {
    return this.events.flatMap((event) =>
      event.type === 'instance_status_changed' && event.data.name === name ? [event.data.status] : [],
    );
  }

  /** The alert events as code and state, oldest first. */
  alerts(): string[] {
    return this.events.flatMap(({ type, data }) => (type === 'system_alert' ? [`${data.code} ${data.state}`] : []));
  }

  /** Codes of the alerts that are raised now, in the order in which they were raised. */
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
