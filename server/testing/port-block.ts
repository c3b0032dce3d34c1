import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the range of ephemeral ports: outgoing connections and listeners on port 0 never get a port of a block. */
const FIRST = 20_000;
const BLOCKS = 120;
const SIZE = 100;
/** How many ports of a block `next` returns in turn. */
const SINGLE = 9;

/**
 * A hundred ports that no other test uses at the same time: the holder of the block listens on its first port. Two servers
 * on one range would choose the same port in the same moment, and one of their engines would fail.
 */
export class PortBlock {
  readonly #lock: Server;
  readonly #first: number;
  #taken = 0;

  private constructor(lock: Server, first: number) {
    this.#lock = lock;
    this.#first = first;
  }

  /** First and last port for instances; about ninety ports. */
  get range(): readonly [number, number] {
    return [this.#first + SINGLE + 1, this.#first + SIZE - 1];
  }

  static async take(): Promise<PortBlock> {
    const start = Math.floor(Math.random() * BLOCKS);
    for (let offset = 0; offset < BLOCKS; offset += 1) {
      const first = FIRST + ((start + offset) % BLOCKS) * SIZE;
      const lock = createServer().listen(first, '127.0.0.1');
      const isOurs = await once(lock, 'listening').then(
        () => true,
        () => false,
      );
      if (isOurs) return new PortBlock(lock, first);
    }
    throw new Error('every block of ports is in use');
  }

  /**
   * A port outside `range`, such as that of a server. No process listens on it, except one that got the same port nine
   * calls ago. A port that the system chooses for a moment is not safe: another process can get it before the server
   * listens.
   */
  next(): number {
    this.#taken = (this.#taken % SINGLE) + 1;
    return this.#first + this.#taken;
  }

  release(): void {
    this.#lock.close();
  }
}
