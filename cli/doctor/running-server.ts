import { localServer } from '../local-server.ts';
import { readableFile } from '../readable-file.ts';
import type { Searcher } from './engine-checks.ts';

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
  const server = localServer(dataDirectory);
  if (server === null) return null;
  const { pid, url, file } = server;
  const variables = readableFile(`/proc/${pid}/environ`)?.split('\0') ?? null;
  const searched = variables?.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  const searcher = variables === null ? null : { who: 'the running server', path: `${searched}:${installed}` };
  return { pid, address: url === null ? null : { url, file }, searcher };
}
