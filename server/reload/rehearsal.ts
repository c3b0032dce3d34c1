import { mkdirSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { openDoor } from './door.ts';

/** A server that was built to see whether that works. */
interface Rehearsed {
  url: string;
  close(options: { stopEngines: boolean }): Promise<void>;
}

/** The two ways that requests go. */
const PATHS = ['/api/instances', '/v1/models'];
/** With one alone, half of the requests that met a change waited for 155 ms; with so many, for 78 ms. */
const QUESTIONS = 40;

/**
 * Builds the whole server on an empty directory, asks it a few things, and throws it away: what cannot work shows before anybody
 * waits for it, and what is done for the first time is slow only here (taking over is half as long after it).
 *
 * @param places.stage Is made and removed; what one that was killed has left there is removed first.
 * @param places.doors See {@link openDoor}.
 * @throws {Error} it does not work
 */
export async function rehearse(
  { stage, doors }: { stage: string; doors: string },
  start: () => Promise<Rehearsed>,
): Promise<void> {
  // It is needed when nothing can be refused any more.
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
      // What the configuration forbids is no fault.
      const isFault = status >= 500;
      answer.once('close', () =>
        isFault ? reject(new Error(`a rehearsal failed: ${url} answered ${status}`)) : resolve(),
      );
    });
    asked.once('error', reject);
  });
}
