import { pause } from '../instances/ports/time.ts';
import { deadline, growingDelays } from './delays.ts';
import type { ProcessEntry } from './process-scan.ts';
import { isDead, type ProcessStat } from './process-stat.ts';
import { membersOf, type RunTree } from './tree.ts';
import { endTree, type TreeEndDependencies } from './tree-end.ts';

/** Ends strays: processes with this data directory's tag whose run is unknown, as after a crash or a restored database. */
export interface Strays {
  list(known: ReadonlySet<string>): Promise<{ tag: string; pids: number[] }[]>;
  end(tag: string): Promise<void>;
}

const TERM_PATIENCE_MS = 3_000;
const LONGEST_LOOK_MS = 100;

/** @param dataDirId identifier of this data directory; processes of other directories are never touched */
export function createStrays(dependencies: TreeEndDependencies, dataDirId: string): Strays {
  const { clock, scan, signals } = dependencies;
  const prefix = `${dataDirId}.`;

  return {
    list: async (known) => {
      const byTag = new Map<string, number[]>();
      const { entries } = await scan.all();
      for (const { tag, stat } of entries.filter(isOthers)) {
        if (tag === null || !tag.startsWith(prefix) || known.has(tag)) continue;
        byTag.set(tag, [...(byTag.get(tag) ?? []), stat.pid]);
      }
      return [...byTag].map(([tag, pids]) => ({ tag, pids }));
    },
    end: async (tag) => {
      if (!tag.startsWith(prefix)) throw new Error(`The processes of ${tag} belong to another data directory`);
      const tree: RunTree = { run: { tag, folder: '' }, identity: null, known: new Map(), lastAliveTicks: null };
      const { isLate, cancel } = deadline(clock, TERM_PATIENCE_MS);
      let asked: readonly ProcessStat[] = [];
      for (const delay of growingDelays(LONGEST_LOOK_MS)) {
        const left = membersOf((await scan.all()).entries, tree);
        if (left.length === 0 || isLate()) break;
        // send SIGTERM once to each process, including new ones
        for (const process of left.filter((one) => !asked.some((before) => isSame(one, before)))) {
          signals.process(process.pid, process.startTicks, 'SIGTERM');
          if (process.state === 'T') signals.process(process.pid, process.startTicks, 'SIGCONT');
        }
        asked = left;
        await pause(clock, delay);
      }
      cancel();
      await endTree(
        dependencies,
        tree,
        () => undefined,
        () => false,
      );
    },
  };
}

function isOthers({ stat }: ProcessEntry): boolean {
  return stat.pid !== process.pid && !isDead(stat);
}

function isSame(one: ProcessStat, other: ProcessStat): boolean {
  return one.pid === other.pid && one.startTicks === other.startTicks;
}
