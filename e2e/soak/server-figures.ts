import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process has open, looked at from the outside. */

/**
 * What open descriptors lead to, without the numbers of sockets and pipes. Leaves out the one with which folders of models are
 * watched: it is opened half a second after the start.
 */
export function openFiles(pid: number): string[] {
  return links(pid)
    .map((link) => link.replace(/\[\d+\]$/, ''))
    .filter((file) => file !== 'anon_inode:inotify');
}

/** What is open beyond what was before. */
export function openedSince(before: readonly string[], pid: number): string[] {
  const left = openFiles(pid);
  for (const file of before) if (left.includes(file)) left.splice(left.indexOf(file), 1);
  return left;
}

/** Connections to any of these ports of this machine. */
export function connectionsTo(pid: number, ports: ReadonlySet<number>): number {
  const inodes = new Set(links(pid).flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  return readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , remote = '', , , , , , , inode = '']) => {
      const port = Number.parseInt(remote.split(':')[1] ?? '', 16);
      return inodes.has(inode) && ports.has(port);
    }).length;
}

function links(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((descriptor) => {
    try {
      return readlinkSync(`${folder}/${descriptor}`);
    } catch (error) {
      // It was closed meanwhile.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  });
}
