import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
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
 * @param start Told the directory.
 * @throws {Error} it does not work
 */
export async function rehearse(start: (directory: string) => Promise<Rehearsed>): Promise<void> {
  // It is needed when nothing can be refused any more; the folder of temporary files may have too long a name for a socket.
  (await openDoor((socket) => void socket.destroy())).close();
  const directory = mkdtempSync(path.join(tmpdir(), 'llamactl-rehearsal-'));
  try {
    const server = await start(directory);
    try {
      for (let count = 0; count < QUESTIONS; count += 1) await ask(`${server.url}${PATHS[count % PATHS.length]}`);
    } finally {
      await server.close({ stopEngines: false });
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function ask(url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false }, (answer) => {
      answer.resume();
      answer.once('close', resolve);
    });
    asked.once('error', reject);
  });
}
