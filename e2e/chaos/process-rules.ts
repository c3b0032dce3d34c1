import { MOST_RUNNING } from './cast.ts';
import type { Faults, FaultKind } from './faults.ts';
import type { ProcessTable, WorldProcess } from './process-table.ts';

const PACE_MS = 15;

/** What has to be true of processes at any moment, whatever was done; looked at again and again. */
export class ProcessRules {
  readonly #table: ProcessTable;
  readonly #faults: Faults;
  #timer: NodeJS.Timeout | null = null;
  looks = 0;
  /** Most runs that were seen at once. */
  most = 0;

  constructor(table: ProcessTable, faults: Faults) {
    this.#table = table;
    this.#faults = faults;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), PACE_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  look(): void {
    const found = this.#table.look();
    this.looks += 1;
    this.most = Math.max(this.most, runsOf(found).size);
    const broken = brokenRule(found);
    // Those that were seen one after the other lived at once if they all still do.
    if (broken === null || brokenRule(this.#table.stillAlive(found)) !== broken) return;
    const runs = found.filter(({ tag }) => tag !== null);
    this.#faults.add(broken, JSON.stringify(runs));
  }
}

function brokenRule(found: readonly WorldProcess[]): FaultKind | null {
  const runs = runsOf(found);
  const instances = new Set([...runs.values()].map(([first]) => first?.instance));
  if (instances.size < runs.size) return 'two runs of an instance';
  if (runs.size > MOST_RUNNING) return 'more runs than slots';
  return [...runs.values()].some((run) => enginesOf(run).length > 1) ? 'a run started twice' : null;
}

/** The engines of a run. What an engine has made looks like it until it has become something else. */
export function enginesOf(run: readonly WorldProcess[]): WorldProcess[] {
  const engines = run.filter(({ part }) => part === 'engine');
  return engines.filter(({ parent }) => !engines.some(({ pid }) => pid === parent));
}

/** Processes of runs by the tag of their run: one counts as long as anything of it lives. */
export function runsOf(found: readonly WorldProcess[]): Map<string, WorldProcess[]> {
  const runs = new Map<string, WorldProcess[]>();
  for (const each of found) {
    if (each.tag !== null) runs.set(each.tag, [...(runs.get(each.tag) ?? []), each]);
  }
  return runs;
}
