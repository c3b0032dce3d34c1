import path from 'node:path';
import { statsFiles } from '../instances/run-references.ts';
import { atMost, type Clock } from '../instances/ports/time.ts';
import type { InstanceManager } from '../instances/use-cases.ts';
import { HistoryArchive, readHistory, type KeptHistory } from '../metrics/history-archive.ts';
import type { Histories } from '../metrics/histories.ts';
import { packedSteps, packedSystemSteps, unpackedSteps, unpackedSystemSteps } from '../metrics/kept-history.ts';
import { middleSeconds } from '../metrics/step-levels.ts';
import type { SystemHistory } from '../metrics/system-history.ts';
import type { Teardown } from './teardown.ts';

export interface HistoryKeepingParts {
  clock: Clock;
  dataDirectory: string;
  /** `stats.interval`. */
  intervalSeconds: number;
  histories: Histories;
  machine: SystemHistory;
  instances: Pick<InstanceManager, 'list' | 'idOf'>;
  onFault: (error: unknown, what: string) => void;
  teardown: Teardown;
}

/** File of the machine's history in the data directory. */
const MACHINE_FILE = 'machine-stats.gz';
/** How long the last writing may delay the end of a server, or a hand-over. */
const PATIENCE_MS = 500;

export interface HistoryKeeping {
  restore(): Promise<void>;
  /** Writes what has changed, before a hand-over during which requests wait. Never rejects. */
  writeAhead(): Promise<void>;
}

/** Keeps the histories of instances and of the machine in files over a restart. */
export function keepHistories(parts: HistoryKeepingParts): HistoryKeeping {
  const { clock, dataDirectory, histories, machine, instances, onFault, teardown } = parts;
  const seconds = middleSeconds(parts.intervalSeconds);
  const machineFile = path.join(dataDirectory, MACHINE_FILE);
  const files = statsFiles(dataDirectory);
  let isRestored = false;

  const changed = (): KeptHistory[] => {
    if (!isRestored) return [];
    const ofInstances = histories.takeChanged().flatMap((name) => {
      const id = instances.idOf(name);
      return id === null ? [] : [{ file: files.of(id), packed: () => packedSteps(histories.kept(name), seconds) }];
    });
    return [...ofInstances, { file: machineFile, packed: () => packedSystemSteps(machine.kept(), seconds) }];
  };
  const archive = teardown.ending(new HistoryArchive({ clock, changed, onFault }));
  const keep = (): Promise<void> => atMost(clock, PATIENCE_MS, archive.keep());
  // The histories of 100 engines take 60 ms, in which requests wait.
  teardown.add((isHandingOver) => (isHandingOver && archive.isFresh ? undefined : keep()));

  return {
    writeAhead: keep,
    restore: async () => {
      const ofMachine = await readHistory(machineFile, onFault);
      const kept = ofMachine === null ? null : await unpackedSystemSteps(ofMachine, seconds);
      if (kept !== null) machine.restore(kept);
      for (const { name } of instances.list()) {
        const id = instances.idOf(name);
        const bytes = id === null ? null : await readHistory(files.of(id), onFault);
        const steps = bytes === null ? null : await unpackedSteps(bytes, seconds);
        if (steps !== null) histories.restore(name, steps);
      }
      isRestored = true;
      histories.open();
      archive.begin();
    },
  };
}
