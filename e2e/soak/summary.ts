import { judgeAll } from './judgement.ts';
import type { MemoryPoint, Soak } from './soak.ts';

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;

/** What there was, for a person: each kind of end, how instances came and went, and how the memory grew. */
export function summary(soak: Soak): string {
  const { history, deeds, watch, exchanges, memory, live } = soak;
  const stops = (cause: string): number => history.count((change) => change.cause === cause);
  const seconds = exchanges.map(({ sentAt, endedAt }) => (endedAt - sentAt) / 1_000);
  const figures = {
    requests: exchanges.length,
    ...judgeAll(soak).counts,
    'slowest, seconds': Math.max(...seconds),
    'times ready': history.count(({ status }) => status === 'running'),
    'times failed': history.count(({ status }) => status === 'failed'),
    evictions: stops('eviction'),
    'idle stops': stops('idle'),
    kills: deeds.count('kill'),
    stops: deeds.count('stop'),
    restarts: deeds.count('restart'),
    starts: deeds.count('start'),
    'looks at processes': watch.looks,
    'most engines at once': watch.most,
  };
  const every = Math.max(1, Math.floor(memory.length / 30));
  const curve = memory.filter((_, index) => index % every === 0).map(shown);
  const lines = Object.entries(figures).map(([what, figure]) => `${what}: ${figure}`);
  return [...lines, ...curve, 'after garbage was collected:', ...live.map(shown)].join('\n');
}

function shown({ seconds, resident, used, requests }: MemoryPoint): string {
  return `${seconds.toFixed(0)} s: ${megabytes(resident)} resident, ${megabytes(used)} used, ${requests} requests`;
}
