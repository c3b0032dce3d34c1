import type { FinishedRequest } from '@llamactl/client';
import type { JudgedExchange, Soak } from './soak.ts';
import type { Verdict } from './verdict.ts';

/** What came of all requests: how many of each kind, and what may never be. */
export interface Judgement {
  counts: Record<string, number>;
  faults: string[];
}

/** An engine had the request, or was about to, and did not live to answer it. */
const NO_ANSWER = /before its engine had answered|ended (?:a second time )?before it had answered|gave no answer/;
/** What the server may write down of a request, by what its caller saw. A caller that leaves may come too late for that. */
const OUTCOMES: Record<Exclude<Verdict['kind'], 'fault'>, readonly FinishedRequest['outcome'][]> = {
  answered: ['ok'],
  refused: ['refused', 'broken', 'cancelled'],
  cut: ['broken', 'cancelled'],
  left: ['aborted', 'ok', 'refused', 'broken', 'cancelled'],
};

/** Judges each request by its bytes, then by what was done to its instance, then by what the server says of it. */
export function judgeAll(soak: Soak): Judgement {
  const counts: Record<string, number> = {};
  const faults: string[] = [];
  for (const exchange of soak.exchanges) {
    const { verdict } = exchange;
    const kind = kindOf(verdict);
    counts[kind] = (counts[kind] ?? 0) + 1;
    const account = soak.accounts.of(exchange.id);
    const what =
      verdict.kind === 'fault' ? verdict.what : (unexplained(soak, exchange) ?? disagreement(verdict, account));
    if (what !== null) {
      faults.push(`${what}: ${JSON.stringify({ ...exchange, account })}`);
    }
  }
  return { counts, faults };
}

function kindOf(verdict: Verdict): string {
  if (verdict.kind !== 'refused') return verdict.kind;
  return `refused: ${verdict.status ?? 'in a stream'} ${verdict.code}${NO_ANSWER.test(verdict.message) ? ', no answer' : ''}`;
}

function unexplained({ deeds, history, cancelled, roles }: Soak, exchange: JudgedExchange): string | null {
  const { id, instance, sentAt, endedAt, verdict } = exchange;
  if (verdict.kind === 'cut') {
    return deeds.explainCut(instance, endedAt) || cancelled.has(id) ? null : 'cut without a cause';
  }
  if (verdict.kind !== 'refused') return null;
  const { code, status, message } = verdict;
  switch (code) {
    case 'request_cancelled':
      return cancelled.has(id) ? null : 'cancelled without a cause';
    case 'rate_limited':
    case 'capacity_exceeded': {
      const hasLimit = roles[instance].settings.queue_limit !== undefined && message.includes('queue_limit');
      return hasLimit && (status === 429 || status === 503) ? null : 'no room, without a limit';
    }
    case 'instance_not_running':
    case 'start_failed': {
      if (NO_ANSWER.test(message))
        return deeds.explainCut(instance, endedAt) ? null : 'its engine ended without a cause';
      if (status === 502) return 'a bad answer of an engine';
      // A stop also refuses a request whose instance had not begun to start, which is no change of its status.
      if (deeds.wasStopped(instance, sentAt, endedAt)) return null;
      return history.explainRefusal(instance, sentAt, endedAt, deeds) ? null : 'refused for no reason';
    }
    default:
      return 'an error that has no place here';
  }
}

function disagreement(verdict: Verdict, account: FinishedRequest | undefined): string | null {
  if (verdict.kind === 'fault') return null;
  // A caller may disconnect before the server knows the model of its request.
  if (account === undefined) return verdict.kind === 'left' ? null : 'the server knows nothing of it';
  return OUTCOMES[verdict.kind].includes(account.outcome) ? null : 'the server says something else of it';
}
