import { codeOf } from '@llamactl/contract/reason';
import { readStat, isDead } from './process-stat.ts';

/** Like `process.kill`; a negative pid means a group. */
export type SendSignal = (pid: number, signal: NodeJS.Signals) => void;

/** Log of this folder's adapters. A pino logger fits. */
export interface SupervisorLog {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Sends all signals of the supervisor. The caller has to identify the process by pid and start time. */
export interface Signals {
  /** Signals a process if it is still the one with this start time. */
  process(pid: number, startTicks: number, signal: NodeJS.Signals): void;
  /** Signals a whole group while `member` is alive in it: until then the number cannot mean another group. */
  group(group: number, member: { pid: number; startTicks: number }, signal: NodeJS.Signals): void;
}

const REMEMBERED = 1_000;

export function createSignals(send: SendSignal, log: SupervisorLog): Signals {
  const refused = new Set<number>();
  const attempt = (pid: number, signal: NodeJS.Signals): void => {
    try {
      send(pid, signal);
    } catch (error) {
      // the process ended meanwhile
      if (codeOf(error) === 'ESRCH' || refused.has(pid)) return;
      // report once, though attempts are repeated
      if (refused.size >= REMEMBERED) refused.clear();
      refused.add(pid);
      log.warn({ pid, signal, error }, 'A signal could not be sent: the process belongs to another user');
    }
  };
  return {
    process: (pid, startTicks, signal) => {
      if (livesSince(pid, startTicks) !== null) attempt(pid, signal);
    },
    group: (group, member, signal) => {
      // 1 would mean every process (-1), and 0 this process's own group
      if (group > 1 && livesSince(member.pid, member.startTicks)?.group === group) attempt(-group, signal);
    },
  };
}

function livesSince(pid: number, startTicks: number): ReturnType<typeof readStat> {
  const stat = readStat(pid);
  return stat !== null && stat.startTicks === startTicks && !isDead(stat) ? stat : null;
}
