import { readdirSync, readFileSync } from 'node:fs';
import { MAIN } from '../program.ts';

/** A living process of the server's world. */
export interface WorldProcess {
  pid: number;
  parent: number;
  /** Field 22 of its stat: with it no other process can be taken for it. */
  startTicks: string;
  /** `LLAMACTL_RUN` of a process of a run; `null`: it is a server. */
  tag: string | null;
  /** Id of the instance; empty for a server. */
  instance: string;
  part: 'server' | 'wrapper' | 'engine' | 'other';
  isStopped: boolean;
}

/** A process that is being made looks like its parent for as long as that takes on a busy machine. */
const YOUTH_MS = 5_000;

/** Looks at which processes of one server's world live: those that have its home directory. */
export class ProcessTable {
  readonly #home: string;
  /** Processes of others, with when they were seen first. */
  #others = new Map<number, number>();

  constructor(home: string) {
    this.#home = home;
  }

  look(): WorldProcess[] {
    const now = performance.now();
    const others = new Map<number, number>();
    const found: WorldProcess[] = [];
    for (const entry of readdirSync('/proc')) {
      const pid = Number(entry);
      if (!Number.isInteger(pid)) continue;
      const since = this.#others.get(pid) ?? now;
      const one = now - since > YOUTH_MS ? null : this.#processOf(pid);
      if (one === null) others.set(pid, since);
      else found.push(one);
    }
    this.#others = others;
    return found;
  }

  /** Those of them that still live: what was seen one after the other lived at once if it all still does. */
  stillAlive(found: readonly WorldProcess[]): WorldProcess[] {
    return found.flatMap(({ pid, startTicks, tag }) => {
      const now = this.#processOf(pid);
      return now !== null && now.startTicks === startTicks && now.tag === tag ? [now] : [];
    });
  }

  #processOf(pid: number): WorldProcess | null {
    const variables = read(pid, 'environ').split('\0');
    if (!variables.includes(`HOME=${this.#home}`)) return null;
    const stat = read(pid, 'stat');
    const [state = 'Z', ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return null;
    const words = read(pid, 'cmdline').split('\0');
    const tag = variables.find((variable) => variable.startsWith(TAG))?.slice(TAG.length) ?? null;
    const part = tag === null ? 'server' : partOf(words);
    if (tag === null && !isServer(words)) return null;
    return {
      pid,
      parent: Number(fields[0]),
      startTicks: fields[18] ?? '',
      tag,
      instance: tag?.split('.')[1] ?? '',
      part,
      isStopped: state === 'T',
    };
  }
}

const TAG = 'LLAMACTL_RUN=';

function isServer(words: readonly string[]): boolean {
  return words[0]?.startsWith('llamactl serve') === true || words.includes(MAIN);
}

function partOf(words: readonly string[]): WorldProcess['part'] {
  if (words.includes('llamactl-exec')) return 'wrapper';
  // The shell of a family, and what it has made and has not become anything else yet, name the engine as well.
  const isEngine = words[0]?.endsWith('llama-server') === true || words[1]?.endsWith('/fake-engine.ts') === true;
  return isEngine ? 'engine' : 'other';
}

const NOT_OURS = new Set(['ENOENT', 'ESRCH', 'EACCES', 'EPERM']);

/** Empty when it has ended, or is another user's; a zombie has nothing to read either. */
function read(pid: number, file: 'environ' | 'cmdline' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOT_OURS.has(String(error.code))) return '';
    throw error;
  }
}
