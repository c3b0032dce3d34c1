import type { Clock } from '../instances/ports/time.ts';
import { descendantsOf, type Container } from './container.ts';
import type { ProcessScan } from './process-scan.ts';
import type { SupervisorLog } from './signals.ts';
import type { SupervisedRun } from './supervised-run.ts';
import { membersOf } from './tree.ts';

/** Updates each run's list of group members: for its measurements, and as proof that the group still belongs to the run. */
export interface MembersWatch {
  /** Call after a run was added: looks soon, since its workers are about to appear. */
  expectNew(): void;
  close(): void;
}

/** Interval of the scan, which serves all runs: 5 ms for 277 processes. */
const LOOK_EVERY_MS = 5_000;
const FIRST_LOOK_MS = 250;

export function watchMembers(
  { clock, scan, log }: { clock: Clock; scan: ProcessScan; log: SupervisorLog },
  runs: ReadonlyMap<string, SupervisedRun>,
): MembersWatch {
  let cancel: (() => void) | null = null;
  let isClosed = false;
  /** Containers of a runtime whose processes cannot be seen from this machine. */
  const strangers = new WeakSet<Container>();

  const look = async (): Promise<void> => {
    try {
      const { entries } = await scan.groups();
      for (const one of runs.values()) {
        const tree = { run: one.run, identity: one.identity, known: one.members(), lastAliveTicks: null };
        const inContainer = one.container?.init() ?? null;
        one.remember([
          ...membersOf(entries, tree),
          ...(inContainer === null ? [] : descendantsOf(entries, inContainer)),
        ]);
        if (inContainer === null && one.container !== null && !strangers.has(one.container)) void learn(one.container);
      }
    } catch (error) {
      log.warn({ error }, 'The processes of this machine cannot be listed; trying again');
    }
    if (runs.size > 0) lookAfter(LOOK_EVERY_MS);
  };
  const learn = async (container: Container): Promise<void> => {
    const state = await container.look();
    if (container.init() !== null) lookAfter(FIRST_LOOK_MS);
    else if (state.kind === 'present' && state.isRunning) strangers.add(container);
  };
  const lookAfter = (milliseconds: number): void => {
    cancel?.();
    if (!isClosed) cancel = clock.after(milliseconds, () => void look());
  };

  return {
    expectNew: () => lookAfter(FIRST_LOOK_MS),
    close: () => {
      isClosed = true;
      cancel?.();
    },
  };
}
