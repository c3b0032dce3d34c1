/** Memory of this machine, or the share that a container or unit may use; bytes. */
export interface MemoryState {
  total: number;
  /** Memory that programs cannot get any more. */
  usage: number;
}

/** Returns the whole text of a file; `null`: unreadable. */
export type ReadText = (file: string) => string | null;

const KIBIBYTE = 1_024;

/** Files with the limit and the usage of a control group. */
interface GroupFiles {
  /** Whether a line of /proc/self/cgroup is the right one, judged by the controllers in its second field. */
  isOurs: (controllers: string) => boolean;
  root: string;
  limit: string;
  usage: string;
  /**
   * In `memory.stat`: file pages, which the kernel counts as available too. Counted as used, they would show a full machine after
   * every large read, and mapped weights of models would count as memory of other programs.
   */
  cache: RegExp;
}

const GROUP_FILES: readonly GroupFiles[] = [
  {
    isOurs: (controllers) => controllers === '',
    root: '/sys/fs/cgroup',
    limit: 'memory.max',
    usage: 'memory.current',
    cache: /^(?:in)?active_file (\d+)$/gm,
  },
  {
    isOurs: (controllers) => controllers.split(',').includes('memory'),
    root: '/sys/fs/cgroup/memory',
    limit: 'memory.limit_in_bytes',
    usage: 'memory.usage_in_bytes',
    cache: /^total_(?:in)?active_file (\d+)$/gm,
  },
];

/**
 * Total and used memory, from /proc/meminfo and the limits of llamactl's control group and its parents. Engines are in
 * the same group. `null`: the system does not report its memory.
 */
export function memoryState(read: ReadText): MemoryState | null {
  const text = read('/proc/meminfo') ?? '';
  const field = (name: string): number | null => {
    const match = new RegExp(`^${name}: *(\\d+) kB$`, 'm').exec(text);
    return match === null ? null : Number(match[1]) * KIBIBYTE;
  };
  const total = field('MemTotal');
  const available = field('MemAvailable') ?? field('MemFree');
  if (total === null || available === null) return null;
  let limit = total;
  let left = available;
  for (const group of groupsOf(read, total)) {
    limit = Math.min(limit, group.limit);
    left = Math.min(left, Math.max(0, group.limit - group.usage));
  }
  return { total: limit, usage: Math.max(0, limit - left) };
}

/** Bytes of the machine's swap, of which a container may get less; `null`: unknown. */
export function swapTotal(read: ReadText): number | null {
  const match = /^SwapTotal: *(\d+) kB$/m.exec(read('/proc/meminfo') ?? '');
  return match === null ? null : Number(match[1]) * KIBIBYTE;
}

/** The control groups of this process that have a limit below `most`, the innermost first. */
function groupsOf(read: ReadText, most: number): { limit: number; usage: number }[] {
  return (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, ...path] = line.split(':');
    const files = GROUP_FILES.find(({ isOurs }) => controllers !== undefined && isOurs(controllers));
    if (files === undefined) return [];
    return foldersUpFrom(path.join(':')).flatMap((folder) => {
      const file = (name: string): string => read(`${files.root}${folder}/${name}`) ?? '';
      const limit = Number(/^\d+/.exec(file(files.limit))?.[0] ?? Number.POSITIVE_INFINITY);
      // `max`, a huge number in version 1, or no file: the root has no limit, and a container sees its own group as the root. The
      // kernel sums up the usage when it is read, so it is not read in vain.
      if (limit >= most) return [];
      const usage = Number.parseInt(file(files.usage), 10) || 0;
      const pages = [...file('memory.stat').matchAll(files.cache)].map(([, bytes]) => Number(bytes));
      const cache = pages.reduce((sum, bytes) => sum + bytes, 0);
      return [{ limit, usage: Math.max(0, usage - cache) }];
    });
  });
}

/** Lists a folder and those above it: `/a/b` → `/a/b`, `/a`, and the root as the empty string. */
function foldersUpFrom(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..');
  return [...names.keys(), names.length].map((_, index) =>
    names
      .slice(0, names.length - index)
      .map((name) => `/${name}`)
      .join(''),
  );
}
