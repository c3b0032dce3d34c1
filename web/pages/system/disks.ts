import type { SystemInfo } from '@llamactl/client';

export type Folder = SystemInfo['folders'][number];

/** The folders of one filesystem, with the figures that they share. */
export interface Disk {
  folders: readonly [Folder, ...Folder[]];
  /** Bytes; `null`: unknown. */
  total: number | null;
  /** Bytes; `null`: unknown. */
  free: number | null;
}

/** Joins the folders of each filesystem. A folder whose filesystem is unknown stands alone. */
export function disksOf(folders: readonly Folder[]): Disk[] {
  const groups = Map.groupBy(folders, ({ filesystem, kind, path }) => filesystem ?? `${kind} ${path}`);
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ folders: [first, ...others], total: first.disk_total, free: first.disk_free }],
  );
}
