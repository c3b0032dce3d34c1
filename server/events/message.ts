import type { Frame, GapFrame, StatsFrame } from '@llamactl/contract/events';
import type { KeptEvent } from '../instances/ports.ts';
import { textFrame } from './text-frame.ts';

/** A message to clients, encoded once for all of them. */
export interface Message {
  type: Frame['type'];
  /** Name of the instance that the message is about; `null`: none. */
  name: string | null;
  /** Id of that instance; `null`: none, or unknown. */
  instance: string | null;
  /** Statistics, which a slow client does not get. */
  isStats: boolean;
  /** The WebSocket frame. */
  bytes: Buffer;
}

/** @param idOf Id of an existing instance; called when the event itself has no id. */
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

/** The frame that reports events which a client cannot get any more. @param last Number of the newest event. */
export function gapBytes({ from, to }: { from: number; to: number }, last: number, timestamp: string): Buffer {
  const data = { from_seq: from, to_seq: to, last_seq: last };
  const frame: GapFrame = { type: 'gap', timestamp, seq: to, data };
  return textFrame(JSON.stringify(frame));
}
