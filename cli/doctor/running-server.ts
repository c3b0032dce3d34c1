import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Searcher } from './engine-checks.ts';
import { codeOf } from './reason.ts';

/** The server of this machine, as its data directory and the system tell. */
export interface RunningServer {
  pid: number;
  /** Where it answers, and the file that says so; `null`: it does not yet. */
  address: { url: string; file: string } | null;
  /** Where it looks for engines; `null`: not told. */
  searcher: Searcher | null;
}

/** The server that uses a data directory; `null`: none does. @param installed Folder of the engine that is always found. */
export function runningServer(dataDirectory: string, installed: string): RunningServer | null {
  const file = path.join(dataDirectory, 'server.json');
  const holder = holderIn(read(file));
  if (holder === null || !isAlive(holder.pid)) return null;
  const { pid, url } = holder;
  const variables = read(`/proc/${pid}/environ`)?.split('\0') ?? null;
  const searched = variables?.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  const searcher = variables === null ? null : { who: 'the running server', path: `${searched}:${installed}` };
  return { pid, address: url === null ? null : { url, file }, searcher };
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

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === null) throw error;
    return null;
  }
}
