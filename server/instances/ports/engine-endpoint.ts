import type { PortWitness } from './listening-ports.ts';

/** HTTP to an engine on loopback. */
export interface EngineEndpoint {
  /**
   * Sends one health request over a new connection. `closed`: no process listens on the port. `loading`: 503. `error`: any
   * other status, or no HTTP. `timeout`: no answer within `timeoutMs`.
   */
  probe(target: EngineTarget, timeoutMs: number, signal?: AbortSignal): Promise<ProbeResult>;
}

/** The result of one HTTP probe of an engine's port. */
export type ProbeResult = 'ok' | 'loading' | 'error' | 'timeout' | 'closed';

/** Where an engine answers. */
export interface EngineTarget {
  port: number;
  healthPath: string;
  /** The run's random key, sent as a Bearer token; `null`: none. */
  key: string | null;
  /** Whether the launch arguments keep the engine from reusing the prompt of one request for another. Absent: false. */
  isolated?: boolean | undefined;
  /** Proves that the run owns the port; left out: no proof is possible. */
  witness?: PortWitness;
}
