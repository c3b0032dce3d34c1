import path from 'node:path';
import { readableFile } from './readable-file.ts';
import { codeOf } from './reason.ts';

/** The server that uses a data directory, as it describes itself there. */
export interface LocalServer {
  pid: number;
  /** Where it answers; `null`: it does not yet. */
  url: string | null;
  /** That says so. */
  file: string;
}

/** `null`: none uses it, or it has died. */
export function localServer(dataDirectory: string): LocalServer | null {
  const file = path.join(dataDirectory, 'server.json');
  const holder = holderIn(readableFile(file));
  return holder === null || !isAlive(holder.pid) ? null : { ...holder, file };
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

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
