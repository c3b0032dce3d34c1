import type { InstanceSummary } from '@llamactl/contract/instance';
import type { ActiveRequest } from '@llamactl/contract/requests';
import type { Stats } from '@llamactl/contract/stats';
import type { EngineTarget } from '../instances/ports.ts';

/** What the measurements need of the outside, beside the clock, the supervisor's figures and the alerts of the domain. */

/** What a short program said. */
export interface ToolResult {
  /** 128 + n for signal n. */
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * Runs a short program to its end; any exit code is a result. Rejects with one sentence when it cannot be run or does not
 * end within `timeoutMs`; then it is killed.
 */
export type RunTool = (
  command: string,
  args: readonly string[],
  options: { timeoutMs: number; maxBytes?: number },
) => Promise<ToolResult>;

/** The absolute path of a program by its name or path; `null`: there is none that could be run. */
export type FindTool = (command: string) => Promise<string | null>;

/** Told what went wrong, once until it went well again. @param what A sentence for the log. */
export type OnFault = (error: unknown, what: string) => void;

/** An instance, as far as it is counted. */
export type CountedInstance = Pick<InstanceSummary, 'status'>;

/** A fresh measurement of a running instance. */
export interface Sample {
  name: string;
  stats: Stats;
}

/** A request to an engine that is on its way. */
export type CountedActiveRequest = Pick<ActiveRequest, 'instance' | 'phase'>;

/** Where a running engine answers. */
export interface ScrapeTarget {
  /** Of its instance. */
  name: string;
  target: EngineTarget;
}

/** A short text that an engine answered. */
export interface EngineText {
  status: number;
  text: string;
}

/** Asks an engine for a short text. Resolves to `null` when none came in time, or it was too long. */
export type ReadEngineText = (
  target: EngineTarget,
  path: string,
  limits: { timeoutMs: number; maxBytes: number },
) => Promise<EngineText | null>;
