import { mkdirSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { openDoor } from './door.ts';

/** A server built only for a rehearsal. */
interface Rehearsed {
  url: string;
  close(options: { stopEngines: boolean }): Promise<void>;
}

/** One path for each kind of request. */
const PATHS = ['/api/instances', '/v1/models'];
/** Requests per rehearsal. With only one, half of the requests during a reload waited for 155 ms; with 40, for 78 ms. */
const QUESTIONS = 40;

/**
 * Builds the whole server on an empty directory, sends it a few requests, and discards it. So errors show before any
 * caller waits. Code that is slow at its first run is warmed up, which halves the time to take over.
 *
 * @param places.stage The empty directory. The rehearsal creates and removes it, and first removes what a killed
 *   rehearsal left there.
 * @param places.doors See {@link openDoor}.
 * @throws {Error} if the server does not start, or answers with an error of its own
 */
export async function rehearse(
  { stage, doors }: { stage: string; doors: string },
  start: () => Promise<Rehearsed>,
): Promise<void> {
  // Try the door too, since the successor needs one when it can no longer refuse.
  (await openDoor(doors, (socket) => void socket.destroy())).close();
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { mode: 0o700 });
  try {
    const server = await start();
    try {
      for (let count = 0; count < QUESTIONS; count += 1) await ask(`${server.url}${PATHS[count % PATHS.length]}`);
    } finally {
      await server.close({ stopEngines: false });
    }
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

function ask(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false }, (answer) => {
      answer.resume();
      const { statusCode: status = 0 } = answer;
      // A request that the configuration forbids (4xx) is not a fault.
      const isFault = status >= 500;
      answer.once('close', () =>
        isFault ? reject(new Error(`a rehearsal failed: ${url} answered ${status}`)) : resolve(),
      );
    });
    asked.once('error', reject);
  });
}
