import { describe, expect, it } from 'vitest';
import { eventsContract, statusChange } from './contracts/events.contract.ts';
import { RecordingEvents } from './recording-events.ts';

eventsContract('RecordingEvents as an event sink', () => {
  const sink = new RecordingEvents();
  return { sink, heard: () => sink.events };
});

describe('RecordingEvents', () => {
  it('returns the statuses of one instance', () => {
    const events = new RecordingEvents();
    events.emit(statusChange('a'));
    events.emit(statusChange('b'));
    events.emit({ type: 'instance_updated', data: { name: 'a' } });
    events.emit(statusChange('a', 'running'));
    expect(events.statuses('a')).toEqual(['starting', 'running']);
  });

  it('returns the alerts that are raised now', () => {
    const events = new RecordingEvents();
    const alert = (code: string, state: 'raised' | 'cleared') =>
      events.emit({ type: 'system_alert', data: { level: 'warning', code, message: '', state } });
    alert('first', 'raised');
    alert('second', 'raised');
    alert('first', 'cleared');
    expect(events.raisedAlerts()).toEqual(['second']);
  });
});
