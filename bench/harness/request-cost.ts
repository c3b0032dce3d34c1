import type { GatewayLoad } from './gateway-load.ts';
import { consumptionOf } from './usage.ts';

/** One way to the engine. */
export interface Contender {
  /** The pid of the process in between; `null`: no process. */
  pid: number | null;
  /** Where requests go, and what they say beside what all say. */
  place: { port: number; path: string; fields: string };
}

/** Requests one after the other on each of some connections, for a while. */
export interface Load {
  connections: number;
  bodyBytes: number;
  seconds: number;
}

/** What a while of requests cost. */
export interface Cost {
  /** Of the process in between; `NaN`: no process. */
  cpuMicros: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

/** Sends requests by one way. @throws {Error} when one was not answered with 200 */
export async function requestCost({ pid, place }: Contender, callers: GatewayLoad, load: Load): Promise<Cost> {
  const ask = (): ReturnType<typeof callers.tell> => callers.tell({ kind: 'requests', place, ...load });
  let report = { count: 0, p50Ms: 0, p99Ms: 0 };
  const during = async (): Promise<void> => {
    report = await ask();
  };
  const used = pid === null ? null : await consumptionOf(pid, during);
  if (used === null) await during();
  if (report.count === 0) throw new Error('no request was answered');
  const { count, p50Ms, p99Ms } = report;
  const cpuMicros = used === null ? Number.NaN : (used.cpuMs * 1_000) / count;
  return { cpuMicros, perSecond: count / load.seconds, p50Ms, p99Ms };
}
