import { Socket } from 'node:net';
import type { Hello } from './messages.ts';
import type { Listener } from './listener.ts';
import { PredecessorLink } from './predecessor-link.ts';
import { INHERITED } from './successor-process.ts';

/** Everything that a successor gets from its predecessor. */
export interface Inheritance {
  listener: Listener;
  link: PredecessorLink;
  hello: Hello;
  /**
   * Why the reload failed, if the old server takes back the lock and the store; `null`: the reload proceeds as planned.
   */
  failure: string | null;
}

/** Finds the inheritance with which this process was launched as a successor. */
export async function inherited(): Promise<Inheritance> {
  const link = new PredecessorLink(new Socket({ fd: INHERITED.channel }));
  return { listener: { fd: INHERITED.listener }, link, hello: await link.hello, failure: null };
}

/** The parts of the configuration that a reload cannot change. */
interface Place {
  dataDirectory: string;
  address: Hello['address'];
}

/**
 * Checks that a reload is enough for a changed configuration.
 *
 * @throws {Error} with a message for people, if the change needs a stop and a start
 */
export function checkPlace({ dataDirectory, address }: Place, hello: Hello): void {
  const differences = [
    ['data_dir', hello.dataDirectory, dataDirectory],
    ['server.host', hello.address.host, address.host],
    ['server.port', hello.address.port, address.port],
  ] as const;
  const changed = differences.find(([, before, now]) => before !== now);
  if (changed === undefined) return;
  const [key, before, now] = changed;
  throw new Error(
    `${key} has changed from ${before} to ${now}, which a reload cannot apply; stop the server and start it again: llamactl down, then llamactl up`,
  );
}
