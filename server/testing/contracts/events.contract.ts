import { beforeEach, describe, expect, it } from 'vitest';
import type { DomainEvent } from '@llamactl/contract/events';
import type { EventSink } from '../../instances/ports/event-sink.ts';

/** A sink under test, and its published events. */
export interface EventsSubject {
  sink: EventSink;
  /** The events that a listener has received since the start. */
  heard(): readonly DomainEvent[];
}

/** The event of a status change. */
export function statusChange(name: string, status: 'starting' | 'running' = 'starting'): DomainEvent {
  return { type: 'instance_status_changed', data: { name, status, previous_status: 'stopped' } };
}

/** The contract tests of {@link EventSink}. */
export function eventsContract(title: string, make: () => EventsSubject): void {
  describe(title, () => {
    let subject: EventsSubject;

    beforeEach(() => {
      subject = make();
    });

    it('delivers every event in order before `emit` returns', () => {
      const events = [
        statusChange('a'),
        { type: 'instance_created', data: { name: 'b' } } as const,
        statusChange('a', 'running'),
      ];
      for (const [index, event] of events.entries()) {
        subject.sink.emit(event);
        expect(subject.heard()).toEqual(events.slice(0, index + 1));
      }
    });

    it('delivers equal events each time', () => {
      subject.sink.emit(statusChange('a'));
      subject.sink.emit(statusChange('a'));
      expect(subject.heard()).toEqual([statusChange('a'), statusChange('a')]);
    });

    it('gives each event a higher number than all before', () => {
      const first = subject.sink.keep(statusChange('a'), 'id of a');
      const second = subject.sink.keep(statusChange('b'));
      expect(second.seq).toBeGreaterThan(first.seq);
      expect(first).toMatchObject({ event: statusChange('a'), instance: 'id of a' });
      expect(second).not.toHaveProperty('instance');
    });

    it('delivers a kept event only when it is published, and once', () => {
      const kept = subject.sink.keep(statusChange('a'));
      expect(subject.heard()).toEqual([]);
      subject.sink.publish(kept);
      subject.sink.publish(kept);
      expect(subject.heard()).toEqual([statusChange('a')]);
    });

    it('holds an event back until earlier ones are published', () => {
      const [first, second] = [subject.sink.keep(statusChange('first')), subject.sink.keep(statusChange('second'))];
      subject.sink.publish(second);
      subject.sink.emit(statusChange('third'));
      expect(subject.heard()).toEqual([]);
      subject.sink.publish(first);
      expect(subject.heard()).toEqual(['first', 'second', 'third'].map((name) => statusChange(name)));
    });

    it('never delivers a discarded event, and no longer waits for it', () => {
      const [first, second] = [subject.sink.keep(statusChange('first')), subject.sink.keep(statusChange('second'))];
      subject.sink.publish(second);
      subject.sink.discard(first);
      subject.sink.publish(first);
      expect(subject.heard()).toEqual([statusChange('second')]);
    });
  });
}
