import { readdirSync, readFileSync } from 'node:fs';

/** A living process of a run. */
interface RunProcess {
  pid: number;
  /** Of the run: its `LLAMACTL_RUN`. */
  tag: string;
  instance: string;
  isWrapper: boolean;
}

/** How many runs there may be at once: of all, and of some. */
export interface RunLimits {
  most: number;
  group?: { members: readonly string[]; most: number };
}

export interface ProcessWatchParts {
  /** Of the server, which its engines inherit. */
  home: string;
  /** Which instance has which port. */
  byPort: ReadonlyMap<number, string>;
  limits: RunLimits;
}

/** Between two looks. */
const PACE_MS = 10;
/** A process that is being made looks like its parent for as long as that takes on a busy machine. */
const YOUTH_MS = 5_000;

/**
 * Looks again and again which processes of engines live, and finds when those of more runs do at once than may. A run
 * counts as long as anything of it lives: wrapper, engine, or what that left behind.
 */
export class ProcessWatch {
  readonly #with: ProcessWatchParts;
  /** Processes of others, with when they were seen first. */
  #others = new Map<number, number>();
  #timer: NodeJS.Timeout | null = null;
  readonly faults: string[] = [];
  looks = 0;
  /** Most runs that were seen at once. */
  most = 0;

  constructor(parts: ProcessWatchParts) {
    this.#with = parts;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), PACE_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** The engine of an instance; `null`: none lives. */
  engine(instance: string): number | null {
    return this.#scan().find((each) => each.instance === instance && !each.isWrapper)?.pid ?? null;
  }

  #look(): void {
    const found = this.#scan();
    this.looks += 1;
    this.most = Math.max(this.most, runs(found).size);
    const problem = this.#problem(found);
    // Those that were seen one after the other lived at once if they all still do.
    if (problem !== null && this.#problem(found.filter(({ pid, tag }) => this.#tagOf(pid) === tag)) !== null) {
      this.faults.push(`${problem} at ${new Date().toISOString()}: ${JSON.stringify(found)}`);
    }
  }

  #problem(found: readonly RunProcess[]): string | null {
    const { most, group } = this.#with.limits;
    if (runs(found).size > most) return 'more engines than slots';
    const members = found.filter(({ instance }) => group?.members.includes(instance) === true);
    if (group !== undefined && runs(members).size > group.most) return 'a group too full';
    const instances = new Set(found.map(({ instance }) => instance));
    return instances.size < runs(found).size ? 'two runs of one instance' : null;
  }

  #scan(): RunProcess[] {
    const now = performance.now();
    const others = new Map<number, number>();
    const found: RunProcess[] = [];
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const since = this.#others.get(pid) ?? now;
      const tag = now - since > YOUTH_MS ? null : this.#tagOf(pid);
      if (tag === null) others.set(pid, since);
      else found.push({ pid, tag, ...this.#whose(pid) });
    }
    this.#others = others;
    return found;
  }

  /** `null`: it is no process of a run of this server, or not any more. */
  #tagOf(pid: number): string | null {
    const variables = read(pid, 'environ').split('\0');
    if (!variables.includes(`HOME=${this.#with.home}`)) return null;
    return variables.find((variable) => variable.startsWith('LLAMACTL_RUN=')) ?? null;
  }

  #whose(pid: number): { instance: string; isWrapper: boolean } {
    const command = read(pid, 'cmdline');
    const port = Number(/--port\0(\d+)/.exec(command)?.[1]);
    return { instance: this.#with.byPort.get(port) ?? '?', isWrapper: command.includes('llamactl-exec') };
  }
}

const runs = (found: readonly RunProcess[]): Set<string> => new Set(found.map(({ tag }) => tag));

const NOT_OURS = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

/** Empty when it has ended, or is another user's; a zombie has nothing to read either. */
function read(pid: number, file: 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOT_OURS.has(String(error.code))) return '';
    throw error;
  }
}
