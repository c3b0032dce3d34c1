import { readFileSync } from 'node:fs';

/** Of the files that may be open, so many stay for engines, logs and the store: a hundred engines take some three each. */
const RESERVED = 512;
const FEWEST_CONNECTIONS = 64;

/** How many files this process may have open; `null`: the system does not tell, or sets no limit. */
function mostOpenFiles(): number | null {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Connections that may be open at once: each is a file, and where no file can be opened no engine can be started and no
 * change stored. More are closed as they come.
 */
export function mostConnections(openFiles: number | null = mostOpenFiles()): number | null {
  if (openFiles === null) return null;
  return Math.max(FEWEST_CONNECTIONS, openFiles - Math.max(RESERVED, Math.ceil(openFiles / 4)));
}
