import { setTimeout as pause } from 'node:timers/promises';
import type { Surroundings } from '../surroundings.ts';
import { EXIT } from '../exit-status.ts';
import { isAlive } from '../living-process.ts';
import { Problem } from '../problem.ts';

/** How to end a server, and how to notice its end. */
export interface EndOptions {
  /** Requests an orderly end. */
  stop: () => void | Promise<void>;
  /** Whether a server has the lock of the data directory. */
  isHeld: () => boolean;
  every: Surroundings['every'];
  /** Called once when the end takes long. */
  onWait: () => void;
  /** Ends the wait, not the end of the server. */
  signal: AbortSignal;
}

const LOOK_MS = 50;
/** Milliseconds until a note about the wait is printed. */
const PATIENCE_MS = 3_000;

/**
 * Ends a server in order. Resolves when its process is gone.
 *
 * @throws {Problem} when another server takes its place
 */
export async function endServer(pid: number, { stop, isHeld, every, onWait, signal }: EndOptions): Promise<void> {
  const stopNote = every(PATIENCE_MS, () => {
    stopNote();
    onWait();
  });
  try {
    await stop();
    while (isAlive(pid)) await pause(LOOK_MS, undefined, { signal });
  } finally {
    stopNote();
  }
  if (isHeld()) {
    throw new Problem(`process ${pid} has ended, and another server has taken its place`, EXIT.failed, [
      'a service manager or script starts it: stop that one',
    ]);
  }
}
