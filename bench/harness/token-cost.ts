import type { GatewayLoad } from './gateway-load.ts';
import type { Contender } from './request-cost.ts';
import type { Bench } from './scenario.ts';
import { exactCpuMs } from './usage.ts';

/** A contender with a process of its own. */
export type Proxy = Contender & { pid: number };

export function withProcess({ pid, place }: Contender): Proxy {
  if (pid === null) throw new Error('the direct way has no process');
  return { pid, place };
}

/** CPU of a token of one stream in ten seconds, microseconds. It includes all that the process does meanwhile. */
export async function costOfToken({ isQuick }: Bench, { pid, place }: Proxy, load: GatewayLoad): Promise<number> {
  await load.tell({ kind: 'open', place, streams: 1 });
  const before = exactCpuMs(pid);
  const { count } = await load.tell({ kind: 'listen', seconds: isQuick ? 0.5 : 10 });
  const used = exactCpuMs(pid) - before;
  await load.tell({ kind: 'close' });
  if (count === 0) throw new Error('no token came');
  return (used * 1_000) / count;
}
