import type { EngineEndpoint, EngineTarget, ProbeResult } from '../ports/engine-endpoint.ts';
import type { RunLogs } from '../ports/run-output.ts';
import type { ListeningPorts } from '../ports/listening-ports.ts';
import type { Progress, RunReference, Runs } from '../ports/runs.ts';
import { pause, type Clock } from '../ports/time.ts';

/** Pause between two checks. A loading engine closes the connection after each answer, so each probe opens a new one. */
const TICK_MS = 5;
/** Probe at every check for this long: most small models are ready by then. */
const EAGER_AT_FIRST_MS = 1_000;
/** Probe at every check for this long after new output: an engine logs that the model is loaded just before it is ready. */
const EAGER_AFTER_OUTPUT_MS = 100;
/** At other times, probe at least this often. */
const PATIENT_PROBE_MS = 250;
const PROBE_TIMEOUT_MS = 2_000;
const PROGRESS_EVERY_MS = 1_000;
/**
 * How long a foreign process must have the port before the port counts as taken. That is longer than a stopping process
 * keeps its port, and longer than an engine needs to notice that it cannot bind.
 */
const FOREIGN_MS = 10_000;
/** Checks that must find a foreign process on the port, because a single check may take long. */
const FOREIGN_LOOKS = 3;
/** Pause between checks of the port's owner. For a container, each check queries its runtime. */
const OWNER_EVERY_MS = 2_000;

export interface ReadinessDependencies {
  clock: Clock;
  endpoint: EngineEndpoint;
  listeningPorts: Pick<ListeningPorts, 'ownsPort'>;
  runs: Pick<Runs, 'progress'>;
  logs: Pick<RunLogs, 'size'>;
}

/**
 * Waits until the engine answers its health check with 200 *and* owns the port. A foreign process on the port would answer
 * too, while the engine dies of "address already in use" (measured: 58 ms later). Until then probes omit the run's key, which
 * a foreign process must not get.
 *
 * - `stalled`: for `stallMs` no output, memory, CPU time or reads changed. A slow disk is slow, not stuck.
 * - `taken`: for `FOREIGN_MS` a process outside of the run has listened on the port, and the engine has not exited.
 * - `aborted`: `signal` aborted.
 */
export async function awaitReady(
  dependencies: ReadinessDependencies,
  run: RunReference,
  target: EngineTarget,
  stallMs: number,
  signal: AbortSignal,
): Promise<'ready' | 'stalled' | 'taken' | 'aborted'> {
  const { clock, endpoint, listeningPorts, runs, logs } = dependencies;
  const begun = clock.elapsed();
  let eagerUntil = begun + EAGER_AT_FIRST_MS;
  let lastProbe = Number.NEGATIVE_INFINITY;
  let logBytes = 0;
  let lastLook = begun;
  let lastMove = begun;
  let progress: Progress | null = null;
  let answer: ProbeResult = 'closed';
  let ownerCheckedAt = Number.NEGATIVE_INFINITY;
  /** Checks in a row that found a foreign owner, and the time of the first. */
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
      const seen = runs.progress(run);
      if (hasMoved(progress, seen)) lastMove = now;
      progress = seen ?? progress;
      if (now - lastMove >= stallMs) return 'stalled';
      if (now - ownerCheckedAt >= OWNER_EVERY_MS) {
        const isForeign = answer !== 'closed' && (await listeningPorts.ownsPort(run, target.port)) === 'foreign';
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
  { endpoint, listeningPorts }: ReadinessDependencies,
  run: RunReference,
  target: EngineTarget,
  answer: ProbeResult,
  signal: AbortSignal,
): Promise<boolean> {
  // A custom health path may require the key and answer 401 without it.
  const mayNeedKey = answer === 'error' && target.key !== null;
  if (answer !== 'ok' && !mayNeedKey) return false;
  if (!(await isOurs(listeningPorts, run, target.port))) return false;
  return answer === 'ok' || (await endpoint.probe(target, PROBE_TIMEOUT_MS, signal)) === 'ok';
}

/** Whether the run owns the port. An unknown owner is accepted, because the port was free just before the spawn. */
async function isOurs(
  listeningPorts: Pick<ListeningPorts, 'ownsPort'>,
  run: RunReference,
  port: number,
): Promise<boolean> {
  const owner = await listeningPorts.ownsPort(run, port);
  return owner === 'ours' || owner === 'unknown';
}

/** Whether any measurement of a run changed between two checks. Unreadable measurements count as unchanged. */
export function hasMoved(before: Progress | null, after: Progress | null): boolean {
  if (after === null) return false;
  return (
    before?.logBytes !== after.logBytes ||
    before.cpuTicks !== after.cpuTicks ||
    before.readBytes !== after.readBytes ||
    before.memoryBytes !== after.memoryBytes
  );
}
