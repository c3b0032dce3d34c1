import type {
  Clock,
  EngineEndpoint,
  EngineTarget,
  ProbeResult,
  Progress,
  RunLogs,
  RunReference,
  Supervisor,
} from '../ports.ts';

/** Between two looks. While it loads, an engine closes the connection after each answer, so each probe is a new one. */
const TICK_MS = 5;
/** At first every look is a probe: most small models are ready within this. */
const EAGER_AT_FIRST_MS = 1_000;
/** So it is again for a while after the engine wrote something: it says when the model is loaded, just before it is ready. */
const EAGER_AFTER_OUTPUT_MS = 100;
/** And else at least this often. */
const PATIENT_PROBE_MS = 250;
const PROBE_TIMEOUT_MS = 2_000;
const PROGRESS_EVERY_MS = 1_000;
/** Longer than one that is about to leave has the port, or an engine needs to find out that it cannot have it. */
const FOREIGN_MS = 10_000;
/** Nor is it the word of fewer looks: one that takes long is still one. */
const FOREIGN_LOOKS = 3;
/** Whose a container's port is has its runtime asked. */
const OWNER_EVERY_MS = 2_000;

export interface ReadinessDependencies {
  clock: Clock;
  endpoint: EngineEndpoint;
  supervisor: Pick<Supervisor, 'ownsPort' | 'progress'>;
  logs: Pick<RunLogs, 'size'>;
}

/**
 * Waits until the engine answers its health check with 200 *and* the port is its own: a foreign process on it would
 * answer too, while ours dies of "address already in use" (measured: 58 ms later). Until then it is asked without the
 * run's key, which a foreign process must not get. `stalled`: nothing moved for `stallMs`: no output, memory, CPU time or
 * reads; a slow disk is slow, not stuck. `taken`: for a while now a process that is none of the run's has listened on the
 * port, and the engine, if it lives at all, has not died of that. `aborted`: nobody wants to know any more.
 */
export async function awaitReady(
  dependencies: ReadinessDependencies,
  run: RunReference,
  target: EngineTarget,
  stallMs: number,
  signal: AbortSignal,
): Promise<'ready' | 'stalled' | 'taken' | 'aborted'> {
  const { clock, endpoint, supervisor, logs } = dependencies;
  const begun = clock.elapsed();
  let eagerUntil = begun + EAGER_AT_FIRST_MS;
  let lastProbe = Number.NEGATIVE_INFINITY;
  let logBytes = 0;
  let lastLook = begun;
  let lastMove = begun;
  let progress: Progress | null = null;
  let answer: ProbeResult = 'closed';
  let ownerCheckedAt = Number.NEGATIVE_INFINITY;
  /** How many looks in a row found the port to be another's, and when the first of them did. */
  let foreign = { looks: 0, since: begun };

  while (!signal.aborted) {
    const now = clock.elapsed();
    const written = logs.size(run);
    if (written !== logBytes) eagerUntil = Math.max(eagerUntil, now + EAGER_AFTER_OUTPUT_MS);
    logBytes = written;
    if (now < eagerUntil || now - lastProbe >= PATIENT_PROBE_MS) {
      lastProbe = now;
      answer = await endpoint.probe({ ...target, key: null }, PROBE_TIMEOUT_MS, signal);
      if (await isReady(dependencies, run, target, answer, signal)) return signal.aborted ? 'aborted' : 'ready';
    }
    if (now - lastLook >= PROGRESS_EVERY_MS) {
      lastLook = now;
      const seen = supervisor.progress(run);
      if (hasMoved(progress, seen)) lastMove = now;
      progress = seen ?? progress;
      if (now - lastMove >= stallMs) return 'stalled';
      if (now - ownerCheckedAt >= OWNER_EVERY_MS) {
        const isForeign = answer !== 'closed' && (await supervisor.ownsPort(run, target.port)) === 'foreign';
        ownerCheckedAt = clock.elapsed();
        const since = foreign.looks === 0 ? ownerCheckedAt : foreign.since;
        foreign = { looks: isForeign ? foreign.looks + 1 : 0, since };
        const isTaken = foreign.looks >= FOREIGN_LOOKS && ownerCheckedAt - since >= FOREIGN_MS;
        if (isTaken) return signal.aborted ? 'aborted' : 'taken';
      }
    }
    await pause(clock, TICK_MS, signal);
  }
  return 'aborted';
}

async function isReady(
  { endpoint, supervisor }: ReadinessDependencies,
  run: RunReference,
  target: EngineTarget,
  answer: ProbeResult,
  signal: AbortSignal,
): Promise<boolean> {
  // A health path of the user's choice may answer nobody without the key: 401.
  const mayNeedKey = answer === 'error' && target.key !== null;
  if (answer !== 'ok' && !mayNeedKey) return false;
  if (!(await isOurs(supervisor, run, target.port))) return false;
  return answer === 'ok' || (await endpoint.probe(target, PROBE_TIMEOUT_MS, signal)) === 'ok';
}

/** Where the system does not tell whose a port is, it was free just before the spawn: good enough. */
async function isOurs(supervisor: Pick<Supervisor, 'ownsPort'>, run: RunReference, port: number): Promise<boolean> {
  const owner = await supervisor.ownsPort(run, port);
  return owner === 'ours' || owner === 'unknown';
}

/** Whether a run showed any sign of life between two looks. What cannot be read counts as none. */
export function hasMoved(before: Progress | null, after: Progress | null): boolean {
  if (after === null) return false;
  return (
    before?.logBytes !== after.logBytes ||
    before.cpuTicks !== after.cpuTicks ||
    before.readBytes !== after.readBytes ||
    before.memoryBytes !== after.memoryBytes
  );
}

/** Resolves after `milliseconds`, or at once when `signal` aborts. */
export function pause(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const settle = (): void => {
      cancel();
      signal.removeEventListener('abort', settle);
      resolve();
    };
    const cancel = clock.after(milliseconds, settle);
    signal.addEventListener('abort', settle);
  });
}
