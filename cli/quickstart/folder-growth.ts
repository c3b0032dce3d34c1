import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Ten times a second makes a smooth bar. */
const INTERVAL_MS = 100;

/**
 * Reports the size of `folder` repeatedly while another program fills it, until disposed. For programs without progress
 * output.
 */
export function watchFolderGrowth(folder: string, onBytes: (bytes: number) => void): Disposable {
  let isOver = false;
  const look = async (): Promise<void> => {
    const bytes = await folderSize(folder);
    if (isOver) return;
    onBytes(bytes);
    timer.refresh();
  };
  const timer = setTimeout(() => void look(), INTERVAL_MS);
  return {
    [Symbol.dispose](): void {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

/** Bytes of all files below `folder`; ignores files that disappear meanwhile. */
async function folderSize(folder: string): Promise<number> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    const sizes = await Promise.allSettled(files.map((entry) => stat(path.join(entry.parentPath, entry.name))));
    return sizes.reduce((sum, size) => sum + (size.status === 'fulfilled' ? size.value.size : 0), 0);
  } catch {
    // the other program removed a folder meanwhile; the next look counts again
    return 0;
  }
}
