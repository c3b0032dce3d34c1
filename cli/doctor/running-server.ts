import { localServer } from '../server/local-server.ts';
import { readableFile } from '../readable-file.ts';
import type { Searcher } from './engine-checks.ts';

/** The running server, according to its data directory and the system. */
export interface RunningServer {
  pid: number;
  /** Its address, and the file with it; `null`: it does not answer yet. */
  address: { url: string; file: string } | null;
  /** Its PATH for engines; `null`: unknown. */
  searcher: Searcher | null;
}

/**
 * The server of a data directory; `null`: none runs.
 *
 * @param installed Folder of quickstart's engine, which is always searched.
 */
export function runningServer(dataDirectory: string, installed: string): RunningServer | null {
  const server = localServer(dataDirectory);
  if (server === null) return null;
  const { pid, url, file } = server;
  const variables = readableFile(`/proc/${pid}/environ`)?.split('\0') ?? null;
  const searched = variables?.find((variable) => variable.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  const searcher = variables === null ? null : { who: 'the running server', path: `${searched}:${installed}` };
  return { pid, address: url === null ? null : { url, file }, searcher };
}
