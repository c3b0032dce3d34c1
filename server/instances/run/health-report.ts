import type { Health, StartObstacle } from '@llamactl/contract/health';
import { targetOf } from '../slots/leases.ts';
import type { InstanceState, Launch } from '../life/lifecycle.ts';
import type { EngineEndpoint, EngineTarget, ProbeResult } from '../ports/engine-endpoint.ts';
import type { PortWitness } from '../ports/listening-ports.ts';
import type { Clock } from '../ports/time.ts';
import { currentRun } from '../life/transitions.ts';
import { causeOfObstacle } from '../why/failure-cause.ts';

const PROBE_TIMEOUT_MS = 2_000;
/** How long the health of a running engine may wait for a slow disk. */
const LOOK_BESIDE_MS = 500;
/** How long a result is shared, so that ten dashboards cost the engine no more than one does. */
const SHARED_MS = 1_000;

/** The live health check of the API. Probes each instance at most once a second and shares the result among callers. */
export class HealthReports {
  readonly #clock: Clock;
  readonly #endpoint: EngineEndpoint;
  readonly #onFault: (error: unknown, what: string) => void;
  readonly #witness: (instance: string, launch: Launch) => PortWitness | null;
  readonly #latest = new Map<string, { key: string; at: number; result: Promise<Health> }>();
  /** The look-aheads under way, at most one per instance. Each one that waits for a hanging disk occupies a thread. */
  readonly #looking = new Map<string, Promise<StartObstacle | null>>();

  /** @param witness Returns the witness of a run's port, by the instance's id; `null`: none. */
  constructor(
    clock: Clock,
    endpoint: EngineEndpoint,
    onFault: (error: unknown, what: string) => void,
    witness: (instance: string, launch: Launch) => PortWitness | null,
  ) {
    this.#clock = clock;
    this.#endpoint = endpoint;
    this.#onFault = onFault;
    this.#witness = witness;
  }

  /**
   * Answers within two seconds. Leaves out a start obstacle that is not known by then.
   *
   * @param lookAhead Finds the start obstacle; called only for running, stopped and failed instances.
   */
  check(instance: string, state: InstanceState, lookAhead: () => Promise<StartObstacle | null>): Promise<Health> {
    const now = this.#clock.elapsed();
    const key = `${state.status} ${currentRun(state)?.number ?? 0}`;
    const latest = this.#latest.get(instance);
    if (latest?.key === key && now - latest.at < SHARED_MS) return latest.result;
    const result = this.#probe(instance, state, lookAhead);
    this.#latest.set(instance, { key, at: now, result });
    return result;
  }

  forget(instance: string): void {
    this.#latest.delete(instance);
  }

  async #probe(
    instance: string,
    state: InstanceState,
    lookAhead: () => Promise<StartObstacle | null>,
  ): Promise<Health> {
    const run = currentRun(state);
    const isAlive = run !== null && run.identity !== null && run.launch !== null;
    const target = run?.launch ? this.#targetOf(instance, run.launch, run.readyAt !== null) : null;
    const patience = patienceOf(state);
    const probed =
      isAlive && target !== null
        ? this.#endpoint.probe(target, PROBE_TIMEOUT_MS)
        : Promise.resolve<ProbeResult>('closed');
    const obstacles = patience === 0 ? Promise.resolve(null) : this.#seenInTime(instance, lookAhead, patience);
    const [answer, obstacle] = await Promise.all([probed, obstacles]);
    const health = judge(state, isAlive, answer, new Date(this.#clock.now()).toISOString());
    return obstacle === null
      ? health
      : { ...health, start_obstacle: { ...obstacle, cause: causeOfObstacle(obstacle) } };
  }

  /** Leaves out the key until the run is ready: before that, a foreign process may have the port. */
  #targetOf(instance: string, launch: Launch, wasReady: boolean): EngineTarget {
    return wasReady ? targetOf(launch, this.#witness(instance, launch)) : { ...targetOf(launch), key: null };
  }

  #seenInTime(
    instance: string,
    lookAhead: () => Promise<StartObstacle | null>,
    patience: number,
  ): Promise<StartObstacle | null> {
    const looking = this.#looking.get(instance) ?? this.#look(instance, lookAhead);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(patience, () => resolve(null));
      void looking.then((obstacle) => {
        cancel();
        resolve(obstacle);
      });
    });
  }

  #look(instance: string, lookAhead: () => Promise<StartObstacle | null>): Promise<StartObstacle | null> {
    const looking = lookAhead()
      .catch((error: unknown) => {
        this.#onFault(error, 'looking ahead to a start');
        return null;
      })
      .finally(() => this.#looking.delete(instance));
    this.#looking.set(instance, looking);
    return looking;
  }
}

/** Milliseconds to wait for the obstacle to the next start; 0: a start or an end is under way. */
function patienceOf({ status }: InstanceState): number {
  if (status === 'running') return LOOK_BESIDE_MS;
  return status === 'stopped' || status === 'failed' ? PROBE_TIMEOUT_MS : 0;
}

/** The health of an instance, from its state and a probe. */
export function judge(state: InstanceState, isAlive: boolean, answer: ProbeResult, at: string): Health {
  const response = answer === 'closed' ? 'none' : answer;
  return {
    status: overall(state, answer),
    checks: { process: isAlive ? 'running' : 'stopped', port: answer === 'closed' ? 'closed' : 'open', response },
    last_check: at,
  };
}

function overall(state: InstanceState, answer: ProbeResult): Health['status'] {
  switch (state.status) {
    case 'stopped':
    case 'failed':
      return 'stopped';
    case 'starting':
      return 'starting';
    case 'running':
      return answer === 'ok' ? 'healthy' : 'unhealthy';
    case 'stopping':
    case 'restarting':
      return 'unhealthy';
  }
}
