import { readlinkSync } from 'node:fs';
import type { HeldListener, PortWitness } from '../instances/ports.ts';
import { findListener, type RunProcesses } from './port-owner.ts';
import { errorCode } from './proc-file.ts';

/**
 * Knows the descriptor by which a run listens, and looks whether it still leads to the same socket: 2.3 µs with 10 sockets on
 * the machine as with 1 000. While a process holds a listening socket, no process of another user can listen on its port.
 * (The row of the port in `/proc/net/tcp` says the same after 80 µs on an idle machine, and that of one connection after 4–17 ms.)
 */
export class ListenerWitness implements PortWitness {
  readonly #port: number;
  readonly #run: RunProcesses;
  #known: HeldListener | null = null;
  /** At the first look the system did not say whose the port is, so it will not later. */
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
    // A worker may have been replaced by another one of the run.
    const found = findListener(this.#port, this.#run);
    this.#isBlind ??= found === 'unknown';
    this.#known = found === 'unknown' ? null : found;
    return this.#isBlind ? 'unknown' : this.#known;
  }
}

/** Looks at a listener that another server's witness has found. @param held `null`: it found none */
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

/** `null`: the descriptor or its process is gone. */
function targetOf(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch (error) {
    if (errorCode(error) === null) throw error;
    return null;
  }
}
