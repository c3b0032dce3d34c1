import type { Frame } from '@llamactl/client';
import { useEffect, useState } from 'react';
import { useApp } from '../../lib/app.ts';

/** Events that say what happened to an instance. */
const TYPES = [
  'instance_status_changed',
  'instance_created',
  'instance_updated',
  'instance_deleted',
  'system_alert',
] as const;

/** An event about one instance. */
export type InstanceEvent = Extract<Frame, { type: (typeof TYPES)[number] }>;

/** Most events that are kept. */
const MOST = 1_000;

/**
 * Returns the events of an instance that the server still keeps, and new ones as they come, oldest first. It uses a
 * connection of its own while it is needed: only a new connection gets earlier events.
 */
export function useInstanceEvents(name: string): readonly InstanceEvent[] {
  const { client } = useApp();
  const [events, setEvents] = useState<readonly InstanceEvent[]>([]);
  useEffect(() => {
    const over = new AbortController();
    let fresh: InstanceEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = async (): Promise<void> => {
      const frames = client.events({
        signal: over.signal,
        instances: [name],
        types: [...TYPES],
        after_seq: 0,
      });
      for await (const frame of frames) {
        if (!isOf(frame, name)) continue;
        fresh.push(frame);
        // Earlier events come all at once.
        timer ??= setTimeout(() => {
          timer = undefined;
          const more = fresh;
          fresh = [];
          setEvents((before) => [...before, ...more].slice(-MOST));
        }, 50);
      }
    };
    follow().catch((error: unknown) => {
      // A lost connection shows itself, and the client tries again; only the end of this part ends it.
      if (!over.signal.aborted) throw error;
    });
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [client, name]);
  return events;
}

function isOf(frame: Frame, name: string): frame is InstanceEvent {
  switch (frame.type) {
    case 'instance_status_changed':
    case 'instance_created':
    case 'instance_updated':
    case 'instance_deleted':
      return frame.data.name.toLowerCase() === name.toLowerCase();
    case 'system_alert':
      return frame.data.instance?.toLowerCase() === name.toLowerCase();
    default:
      return false;
  }
}
