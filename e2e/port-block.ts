import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below the range of ephemeral ports. */
const FIRST = 20_000;
const BLOCKS = 120;
const SIZE = 100;

/**
 * A hundred ports that no other test uses at the same time: the holder of the block listens on its first port. Two servers
 * on one range would choose the same port in the same moment, and one of their engines would fail.
 */
export class PortBlock {
  readonly #lock: Server;
  /** First and last port to be given to instances. */
  readonly range: readonly [number, number];

  private constructor(lock: Server, first: number) {
    this.#lock = lock;
    this.range = [first + 1, first + SIZE - 1];
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

  release(): void {
    this.#lock.close();
  }
}
