import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from './living-process.ts';
import { holdsLock } from './lock-holder.ts';
import { isOwnAddress } from './own-address.ts';
import { codeOf } from './reason.ts';
import { isTrusted } from './trust.ts';

/** The server that uses a data directory, as it describes itself there. */
export interface LocalServer {
  pid: number;
  /** Where it answers; `null`: it does not yet. */
  url: string | null;
  /** That says so. */
  file: string;
}

/** A reload passes the lock on within milliseconds; in between no process holds it. */
const LOOKS = 5;
const PAUSE_MS = 20;

/**
 * `null`: no server uses it, or what says so is not to be believed: others than we and root could have written it, or the
 * process that it names does not hold the lock.
 */
export function localServer(dataDirectory: string): LocalServer | null {
  const file = path.join(dataDirectory, 'server.json');
  for (let look = 1; look <= LOOKS; look += 1) {
    const holder = holderIn(trustedText(file));
    if (holder === null) return null;
    if (holdsLock(dataDirectory, holder.pid)) return { ...holder, file };
    if (!isAlive(holder.pid)) return null;
    if (look < LOOKS) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
  return null;
}

/** Where the server of a data directory answers now, on this machine; `null`: nowhere. Credentials for it go there alone. */
export function followedUrl(dataDirectory: string): string | null {
  const url = localServer(dataDirectory)?.url ?? null;
  return url !== null && URL.canParse(url) && isOwnAddress(url) ? url : null;
}

/** `null`: it is not there, or not to be believed. */
function trustedText(file: string): string | null {
  let descriptor: number | null = null;
  try {
    if (!isTrusted(statSync(path.dirname(file)))) return null;
    // A link could lead to another's; nobody may ever write into a named pipe.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(descriptor);
    return stats.isFile() && isTrusted(stats) ? readFileSync(descriptor, 'utf8') : null;
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function holderIn(text: string | null): { pid: number; url: string | null } | null {
  if (text === null) return null;
  try {
    const holder: unknown = JSON.parse(text);
    if (typeof holder !== 'object' || holder === null || !('pid' in holder) || !('url' in holder)) return null;
    const { pid, url } = holder;
    return typeof pid === 'number' ? { pid, url: typeof url === 'string' ? url : null } : null;
  } catch (error) {
    // It is being written.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
