import type { PastEvent } from '@llamactl/contract/event-history';
import {
  instanceOf,
  previousNameOf,
  type DecisionFrame,
  type DomainEvent,
  type DownloadFrame,
  type Frame,
  type GapFrame,
} from '@llamactl/contract/events';
import type {
  InstancesRefreshedFrame,
  LoadFrame,
  RequestFinishedFrame,
  RequestsFrame,
  RequestStartedFrame,
  StatsFrame,
  SystemStatsFrame,
} from '@llamactl/contract/live-frames';
import type { KeptEvent } from '../instances/ports/event-sink.ts';
import type { TracedDecision } from './decision-trace.ts';
import { eventAsSeen, type Sight } from './event-sight.ts';

/** A message to clients, encoded once for all of them. */
export interface Message {
  type: Frame['type'];
  /** Name of the instance that the message is about; `null`: none. */
  name: string | null;
  /** The instance's name before the rename that this message reports. */
  previousName?: string | undefined;
  /** Id of that instance; `null`: none, or unknown. */
  instance: string | null;
  /** Set for a decision. */
  decision?: Pick<TracedDecision, 'data' | 'instances' | 'namesCaller'>;
  /** Set for a frame about one request: the caller's name, and the frame without its sender for clients who may not see that. */
  request?: { caller: string | null; withoutSender: () => Buffer };
  /** Set for an event that not every client may see in full: makes the frame that a client may see. */
  seenBy?: (sight: Pick<Sight, 'visible' | 'seesCallers'>) => Buffer;
  /** Whether the message is not stored, such as statistics. A slow client does not get it. */
  isFleeting: boolean;
  /** The WebSocket frame. */
  bytes: Buffer;
}

/** A text frame (RFC 6455, 5.2): final and, as a server's frames are, not masked. So all clients get the same bytes. */
const FINAL_TEXT = 0x81;
/**
 * From this length on, the header has two extra bytes for the length, or eight if the length needs more than 16 bits.
 */
const TWO_BYTE_LENGTH = 126;
const EIGHT_BYTE_LENGTH = 127;

/** The instance that an event is about. @param idOf Id of an existing instance; called when the event itself has no id. */
export function subjectOf(
  { event, instance }: KeptEvent,
  idOf: (name: string) => string | null,
): Pick<Message, 'name' | 'previousName' | 'instance'> {
  const name = instanceOf(event);
  return { name, previousName: previousNameOf(event), instance: instance ?? (name === null ? null : idOf(name)) };
}

/** @param idOf Id of an existing instance; called when the event itself has no id. */
export function messageOfEvent(kept: KeptEvent, idOf: (name: string) => string | null): Message {
  const { event } = kept;
  const bytes = textFrame(JSON.stringify(pastEventOf(kept)));
  const message: Message = { type: event.type, ...subjectOf(kept, idOf), isFleeting: false, bytes };
  if (!isByAuthor(event)) return message;
  const seenBy: Message['seenBy'] = (sight) => {
    const seen = eventAsSeen(event, sight, idOf);
    return seen === event ? bytes : textFrame(JSON.stringify(pastEventOf({ ...kept, event: seen })));
  };
  return { ...message, seenBy };
}

/** Whether an event names its cause or author, which not every client may see. */
function isByAuthor({ data }: DomainEvent): boolean {
  if ('trigger' in data) return data.trigger !== undefined;
  return 'caller' in data && data.caller !== undefined;
}

/** A kept event in the form in which clients get it. */
export function pastEventOf({ seq, timestamp, event }: KeptEvent): PastEvent {
  return { ...event, timestamp, seq };
}

export function messageOfStats(frame: StatsFrame, instance: string | null): Message {
  const bytes = textFrame(JSON.stringify(frame));
  return { type: frame.type, name: frame.data.name, instance, isFleeting: true, bytes };
}

/** Frames that clients get only if they subscribe to them by name. */
type NamedFrame =
  | RequestsFrame
  | RequestStartedFrame
  | RequestFinishedFrame
  | SystemStatsFrame
  | LoadFrame
  | InstancesRefreshedFrame;
/** Such a frame, before it has a time and a number. */
export type LiveNews = NamedFrame extends infer Frame
  ? Frame extends NamedFrame
    ? Pick<Frame, 'type' | 'data'>
    : never
  : never;

/** @param idOf Id of an existing instance. */
export function messageOfNews(
  frame: LiveNews & Pick<NamedFrame, 'timestamp' | 'seq'>,
  idOf: (name: string) => string | null,
): Message {
  const { type, data } = frame;
  const name = 'name' in data ? data.name : 'instance' in data ? data.instance : null;
  const message: Message = {
    type,
    name,
    instance: name === null ? null : idOf(name),
    isFleeting: true,
    bytes: textFrame(JSON.stringify(frame)),
  };
  if (!('caller' in data)) return message;
  let hidden: Buffer | null = null;
  const withoutSender = (): Buffer => {
    hidden ??= textFrame(JSON.stringify({ ...frame, data: { ...data, caller: null, user_agent: null } }));
    return hidden;
  };
  return { ...message, request: { caller: data.caller, withoutSender } };
}

export function messageOfDownload(frame: DownloadFrame): Message {
  return { type: frame.type, name: null, instance: null, isFleeting: true, bytes: textFrame(JSON.stringify(frame)) };
}

/** @param seq Number of the last kept event. */
export function messageOfDecision(decision: TracedDecision, seq: number, timestamp: string): Message {
  const { data, instances } = decision;
  const frame: DecisionFrame = { type: 'decision', timestamp, seq, data };
  const bytes = textFrame(JSON.stringify(frame));
  return {
    type: 'decision',
    name: data.instance ?? null,
    instance: instances[0] ?? null,
    decision,
    isFleeting: true,
    bytes,
  };
}

/**
 * Encodes the frame that reports a range of events which the client can no longer get.
 *
 * @param last Number of the newest event.
 */
export function gapBytes({ from, to }: { from: number; to: number }, last: number, timestamp: string): Buffer {
  const data = { from_seq: from, to_seq: to, last_seq: last };
  const frame: GapFrame = { type: 'gap', timestamp, seq: to, data };
  return textFrame(JSON.stringify(frame));
}

/** The bytes of a WebSocket frame that carries `text`. */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const headerLength = length < TWO_BYTE_LENGTH ? 2 : length < 2 ** 16 ? 4 : 10;
  // Allocate outside Node's pool: the replay keeps frames, and each would keep 64 KB of the pool, 64 MB in all.
  const frame = Buffer.allocUnsafeSlow(headerLength + length);
  frame[0] = FINAL_TEXT;
  if (headerLength === 2) {
    frame[1] = length;
  } else if (headerLength === 4) {
    frame[1] = TWO_BYTE_LENGTH;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = EIGHT_BYTE_LENGTH;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.write(text, headerLength);
  return frame;
}
