import type { InstanceSummary } from '@llamactl/contract/instance';
import type { ActiveRequest } from '@llamactl/contract/requests';
import type { Stats } from '@llamactl/contract/stats';
import type { EngineTarget } from '../instances/ports/engine-endpoint.ts';

/** Interfaces that the measurements need, besides the clock, the supervisor's figures and the alerts of the domain. */

/** The result of a short program. */
export interface ToolResult {
  /** The exit code; 128 + n if signal n ended the program. */
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a short program to its end; any exit code is a result. Rejects with one sentence when it cannot run, or is
 * killed because it does not end within `timeoutMs`.
 */
export type RunTool = (
  command: string,
  args: readonly string[],
  options: { timeoutMs: number; maxBytes?: number },
) => Promise<ToolResult>;

/** Finds the absolute path of a program by its name or path; `null`: no executable program. */
export type FindTool = (command: string) => Promise<string | null>;

/**
 * Reports a fault. Callers report a repeated fault only once, until the next success.
 *
 * @param what A sentence for the log.
 */
export type OnFault = (error: unknown, what: string) => void;

/** The fields of an instance that counting needs. */
export type CountedInstance = Pick<InstanceSummary, 'status' | 'group'>;

/** A fresh measurement of a running instance. */
export interface Sample {
  name: string;
  /** Counts the instance's runs. */
  run: number;
  stats: Stats;
}

/** A request in flight to an engine. */
export type CountedActiveRequest = Pick<ActiveRequest, 'instance' | 'phase'>;

/** The endpoint of a running engine. */
export interface ScrapeTarget {
  /** Name of the instance. */
  name: string;
  target: EngineTarget;
}

/** A short text answer of an engine. */
export interface EngineText {
  status: number;
  text: string;
}

/** Gets a short text from an engine. Resolves to `null` when no answer came in time, or the answer was too long. */
export type ReadEngineText = (
  target: EngineTarget,
  path: string,
  limits: { timeoutMs: number; maxBytes: number },
) => Promise<EngineText | null>;
