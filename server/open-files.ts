import { codeOf } from '@llamactl/contract/reason';
import { readFileSync } from 'node:fs';

/** Open files reserved for engines, logs and the store: a hundred engines take about three each. */
const RESERVED = 512;
const FEWEST_CONNECTIONS = 64;

/** Returns how many files this process may have open; `null`: unknown, or no limit. */
function mostOpenFiles(): number | null {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? null : Number(soft);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Returns how many connections may be open at once; the server closes further ones as they come. Each connection is an
 * open file. Without free files the server can neither start an engine nor store a change.
 */
export function mostConnections(openFiles: number | null = mostOpenFiles()): number | null {
  if (openFiles === null) return null;
  return Math.max(FEWEST_CONNECTIONS, openFiles - Math.max(RESERVED, Math.ceil(openFiles / 4)));
}
