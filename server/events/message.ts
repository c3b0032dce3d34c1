import type { Frame, GapFrame, StatsFrame } from '@llamactl/contract/events';
import type { KeptEvent } from '../instances/ports.ts';
import { textFrame } from './text-frame.ts';

/** What is sent to many clients: made once. */
export interface Message {
  type: Frame['type'];
  /** Name of the instance that it is about; `null`: it is about none. */
  name: string | null;
  /** Its id; `null`: it is about none, or that one is unknown. */
  instance: string | null;
  /** A client that is slow may be spared it. */
  isStats: boolean;
  /** As it goes over the wire. */
  bytes: Buffer;
}

/** @param idOf Of an instance that is there; asked where the event itself does not say. */
export function messageOfEvent(kept: KeptEvent, idOf: (name: string) => string | null): Message {
  const { seq, timestamp, event } = kept;
  const name = (event.type === 'system_alert' ? event.data.instance : event.data.name) ?? null;
  const instance = kept.instance ?? (name === null ? null : idOf(name));
  const bytes = textFrame(JSON.stringify({ type: event.type, timestamp, seq, data: event.data }));
  return { type: event.type, name, instance, isStats: false, bytes };
}

export function messageOfStats(frame: StatsFrame, instance: string | null): Message {
  const bytes = textFrame(JSON.stringify(frame));
  return { type: frame.type, name: frame.data.name, instance, isStats: true, bytes };
}

/** What a client is told of events that it missed for good. @param last The number of the newest event there is. */
export function gapBytes({ from, to }: { from: number; to: number }, last: number, timestamp: string): Buffer {
  const data = { from_seq: from, to_seq: to, last_seq: last };
  const frame: GapFrame = { type: 'gap', timestamp, seq: to, data };
  return textFrame(JSON.stringify(frame));
}
