import type { Health, StartObstacle } from '@llamactl/contract/health';
import { targetOf } from './effects.ts';
import type { InstanceState, Launch } from '../life/lifecycle.ts';
import type { Clock, EngineEndpoint, EngineTarget, PortWitness, ProbeResult } from '../ports.ts';
import { currentRun } from '../life/transitions.ts';

const PROBE_TIMEOUT_MS = 2_000;
/** Ten dashboards cost the engine no more than one. */
const SHARED_MS = 1_000;

/** The live health check of the API: at most one probe a second an instance, shared by all who ask. */
export class HealthProbe {
  readonly #clock: Clock;
  readonly #endpoint: EngineEndpoint;
  readonly #onFault: (error: unknown, what: string) => void;
  readonly #witness: (instance: string, launch: Launch) => PortWitness | null;
  readonly #latest = new Map<string, { key: string; at: number; result: Promise<Health> }>();
  /** One an instance, whatever its age: each that waits for a disk which does not answer keeps a thread from all others. */
  readonly #looking = new Map<string, Promise<StartObstacle | null>>();

  /** @param witness Of the port of a run, by the instance's id; `null`: none exists. */
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
   * Answered within two seconds. What is not seen of a start by then, or cannot be, is left out.
   *
   * @param lookAhead What a start would be refused for; asked where nothing runs, or is about to.
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
    const answer = isAlive && target !== null ? await this.#endpoint.probe(target, PROBE_TIMEOUT_MS) : 'closed';
    // These have no run, so that nothing was waited for yet.
    const isDown = state.status === 'stopped' || state.status === 'failed';
    const obstacle = isDown ? await this.#seenInTime(instance, lookAhead) : null;
    const health = judge(state, isAlive, answer, new Date(this.#clock.now()).toISOString());
    return obstacle === null ? health : { ...health, start_obstacle: obstacle };
  }

  /** Before a run is ready its port is not proven to be the engine's: a foreign process must not get the key. */
  #targetOf(instance: string, launch: Launch, wasReady: boolean): EngineTarget {
    return wasReady ? targetOf(launch, this.#witness(instance, launch)) : { ...targetOf(launch), key: null };
  }

  #seenInTime(instance: string, lookAhead: () => Promise<StartObstacle | null>): Promise<StartObstacle | null> {
    const looking = this.#looking.get(instance) ?? this.#look(instance, lookAhead);
    return new Promise((resolve) => {
      const cancel = this.#clock.after(PROBE_TIMEOUT_MS, () => resolve(null));
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

/** What a probe's answer means for an instance in a state. */
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
