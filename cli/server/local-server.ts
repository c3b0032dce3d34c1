import { codeOf } from '@llamactl/contract/reason';
import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { isAlive } from '../living-process.ts';
import { holdsLock } from './lock-holder.ts';
import { isOwnAddress } from './own-address.ts';
import { isTrusted } from './trust.ts';

/** The server of a data directory, as its `server.json` describes it. */
export interface LocalServer {
  pid: number;
  /** Its address; `null`: it does not answer yet. */
  url: string | null;
  /** The path of its `server.json`. */
  file: string;
}

/**
 * Looks at the lock before giving up. A reload passes the lock on within milliseconds; in between no process holds it.
 */
const LOOKS = 5;
const PAUSE_MS = 20;

/**
 * Finds the server of a data directory. `null`: no server uses it, or `server.json` cannot be trusted. It cannot if
 * users other than root could have written it, or if its process does not hold the lock.
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

/**
 * The current address of the server of a data directory, if the address is on this machine; `null`: none. The
 * credentials for that server go to this address alone.
 */
export function followedUrl(dataDirectory: string): string | null {
  const url = localServer(dataDirectory)?.url ?? null;
  return url !== null && URL.canParse(url) && isOwnAddress(url) ? url : null;
}

/** Reads a file; `null`: it does not exist, or cannot be trusted. */
function trustedText(file: string): string | null {
  let descriptor: number | null = null;
  try {
    if (!isTrusted(statSync(path.dirname(file)))) return null;
    // Do not follow a link, which may lead to another user's file; do not block on a named pipe without a writer.
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
    // The file is being written.
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
