import { codeOf } from '@llamactl/contract/reason';
import { readlinkSync } from 'node:fs';
import type { HeldListener, PortWitness } from '../instances/ports/listening-ports.ts';
import { findListener, type RunProcesses } from './port-owner.ts';

/**
 * Checks that a run still listens on its port: remembers the listening descriptor, and checks that it still leads to the same
 * socket. That takes 2.3 µs, with 10 sockets on the machine or 1 000. While a process holds a listening socket, no process of
 * another user can listen on its port. (Finding the port in `/proc/net/tcp` takes 80 µs on an idle machine; a single connection
 * 4–17 ms.)
 */
export class ListenerWitness implements PortWitness {
  readonly #port: number;
  readonly #run: RunProcesses;
  #known: HeldListener | null = null;
  /** Whether the system did not show the port's owner at the first check; later checks would fail too. */
  #isBlind: boolean | null = null;

  constructor(port: number, run: RunProcesses) {
    this.#port = port;
    this.#run = run;
  }

  listener(): string | null {
    return nameOf(this.held());
  }

  held(): HeldListener | 'unknown' | null {
    if (this.#isBlind === true) return 'unknown';
    if (this.#known !== null && isOpen(this.#known)) return this.#known;
    // Another worker of the run may have replaced the one that listened.
    const found = findListener(this.#port, this.#run);
    this.#isBlind ??= found === 'unknown';
    this.#known = found === 'unknown' ? null : found;
    return this.#isBlind ? 'unknown' : this.#known;
  }
}

/** Creates a witness for a listener that another server's witness has found. @param held `null`: it found none */
export function witnessOf(held: HeldListener | null): PortWitness {
  const look = (): HeldListener | null => (held !== null && isOpen(held) ? held : null);
  return { held: look, listener: () => nameOf(look()) };
}

function nameOf(held: HeldListener | 'unknown' | null): string | null {
  return held === 'unknown' ? held : (held?.socket ?? null);
}

function isOpen({ link, socket }: HeldListener): boolean {
  return targetOf(link) === socket;
}

/** Reads where a descriptor leads; `null`: the descriptor or its process is gone. */
function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
