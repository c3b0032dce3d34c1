import { Socket } from 'node:net';
import type { Hello } from './messages.ts';
import type { Listener } from './listener.ts';
import { PredecessorLink } from './predecessor-link.ts';
import { INHERITED } from './successor-process.ts';

/** What a server has of the one that it replaces. */
export interface Inheritance {
  listener: Listener;
  link: PredecessorLink;
  hello: Hello;
  /** Why it is a failure that it comes to this; `null`: it was meant to. */
  failure: string | null;
}

/** Finds what we were launched with as a successor. */
export async function inherited(): Promise<Inheritance> {
  const link = new PredecessorLink(new Socket({ fd: INHERITED.channel }));
  return { listener: { fd: INHERITED.listener }, link, hello: await link.hello, failure: null };
}

/** What a configuration has to agree on with the server that it replaces. */
interface Place {
  dataDirectory: string;
  address: Hello['address'];
}

/** @throws {Error} for people: this change needs a stop and a start */
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
    `${key} has changed from ${before} to ${now}: a reload keeps where the server lives and listens; stop it and start it again`,
  );
}
